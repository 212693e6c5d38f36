/*
grain: >-
  One row per device and day with readings of the C0 residency of the package. A reading
  counts if it has a positive number of samples and a finite mean; each statistic is a
  mean over readings, weighted by samples, the extremes too.
reads: [hw_metric_stats]
device: guid
columns:
  guid: device id, 32 hex characters
  dt: local date
  nrs: number of samples, one each 5 s
  min_pkg_c0: mean of the readings' minima, %
  avg_pkg_c0: mean, %
  max_pkg_c0: mean of the readings' maxima, %
*/
SELECT
  guid,
  dt,
  CAST(sum(nrs) AS BIGINT) AS nrs,
  sum(nrs * min) / sum(nrs) AS min_pkg_c0,
  sum(nrs * mean) / sum(nrs) AS avg_pkg_c0,
  sum(nrs * max) / sum(nrs) AS max_pkg_c0
FROM hw_metric_stats
WHERE
  guid IS NOT NULL
  AND name = 'HW::PACKAGE:C0_RESIDENCY:PERCENT:'
  AND nrs > 0
  AND isfinite(mean)
GROUP BY guid, dt
