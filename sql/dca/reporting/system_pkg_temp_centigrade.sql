/*
grain: >-
  One row per device and day with readings of the temperature of the cores. A reading
  counts if it has a positive number of samples and a finite mean; each statistic is a
  mean over readings, weighted by samples, the extremes too.
reads: [hw_metric_stats]
device: guid
columns:
  guid: device id, 32 hex characters
  dt: local date
  nrs: number of samples, one each 5 s
  min_temp_centigrade: mean of the readings' minima, degrees Celsius
  avg_temp_centigrade: mean, degrees Celsius
  max_temp_centigrade: mean of the readings' maxima, degrees Celsius
*/
SELECT
  guid,
  dt,
  CAST(sum(nrs) AS BIGINT) AS nrs,
  sum(nrs * min) / sum(nrs) AS min_temp_centigrade,
  sum(nrs * mean) / sum(nrs) AS avg_temp_centigrade,
  sum(nrs * max) / sum(nrs) AS max_temp_centigrade
FROM hw_metric_stats
WHERE
  guid IS NOT NULL
  AND name = 'HW::CORE:TEMPERATURE:CENTIGRADE:'
  AND nrs > 0
  AND isfinite(mean)
GROUP BY guid, dt
