/*
grain: >-
  One row per device and day with readings of the power of the platform. A reading
  counts if it has a positive number of samples and a finite mean; each statistic is a
  mean over readings, weighted by samples, the extremes too. The metric has two names.
reads: [hw_metric_stats]
device: guid
columns:
  guid: device id, 32 hex characters
  dt: local date
  nrs: number of samples, one each 5 s
  min_psys_rap_watts: mean of the readings' minima, W
  avg_psys_rap_watts: mean, W
  max_psys_rap_watts: mean of the readings' maxima, W
*/
SELECT
  guid,
  dt,
  CAST(sum(nrs) AS BIGINT) AS nrs,
  sum(nrs * min) / sum(nrs) AS min_psys_rap_watts,
  sum(nrs * mean) / sum(nrs) AS avg_psys_rap_watts,
  sum(nrs * max) / sum(nrs) AS max_psys_rap_watts
FROM hw_metric_stats
WHERE
  guid IS NOT NULL
  AND name IN ('HW::PACKAGE:RAP:WATTS:', 'HW:::PSYS_RAP:WATTS:')
  AND nrs > 0
  AND isfinite(mean)
GROUP BY guid, dt
