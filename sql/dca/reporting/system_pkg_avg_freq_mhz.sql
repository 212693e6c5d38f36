/*
grain: >-
  One row per device and day with readings of the mean frequency of the cores. A reading
  counts if it has a positive number of samples and a finite mean; each statistic is a
  mean over readings, weighted by samples, the extremes too.
reads: [hw_metric_stats]
device: guid
columns:
  guid: device id, 32 hex characters
  dt: local date
  nrs: number of samples, one each 5 s
  min_avg_freq_mhz: mean of the readings' minima, MHz
  avg_avg_freq_mhz: mean, MHz
  max_avg_freq_mhz: mean of the readings' maxima, MHz
*/
SELECT
  guid,
  dt,
  CAST(sum(nrs) AS BIGINT) AS nrs,
  sum(nrs * min) / sum(nrs) AS min_avg_freq_mhz,
  sum(nrs * mean) / sum(nrs) AS avg_avg_freq_mhz,
  sum(nrs * max) / sum(nrs) AS max_avg_freq_mhz
FROM hw_metric_stats
WHERE
  guid IS NOT NULL
  AND name = 'HW::CORE:AVG_FREQ:MHZ:'
  AND nrs > 0
  AND isfinite(mean)
GROUP BY guid, dt
