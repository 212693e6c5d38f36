/*
grain: >-
  One row per device, day and instance with readings of the power of the processor's
  cores. A reading counts if it has a positive number of samples and a finite mean.
reads: [hw_metric_stats]
device: guid
columns:
  guid: device id, 32 hex characters
  dt: local date
  instance: package id
  nrs: number of samples, one each 5 s
  mean: mean power, W
  max: highest power, W
*/
SELECT
  guid,
  dt,
  CAST(instance AS INTEGER) AS instance,
  CAST(sum(nrs) AS BIGINT) AS nrs,
  sum(nrs * mean) / sum(nrs) AS mean,
  max(max) AS max
FROM hw_metric_stats
WHERE
  guid IS NOT NULL
  AND name = 'HW::PACKAGE:IA_POWER:WATTS:'
  AND nrs > 0
  AND isfinite(mean)
GROUP BY guid, dt, instance
