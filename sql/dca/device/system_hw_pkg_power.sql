/*
role: group
grain: One row per device with readings of the power of the processor's cores.
reads: [system_hw_pkg_power]
device: guid
columns:
  nrs:
    {kind: integer, unit: samples of 5 s, low: 10, high: 20000000, bins: 14, scale: log,
    about: samples; the weight of the mean, zero: false}
  mean_power_w:
    {kind: double, unit: W, low: 0.1, high: 250, bins: 16, scale: log,
    about: mean power of the processor's cores}
*/
SELECT
  guid,
  CAST(sum(nrs) AS BIGINT) AS nrs,
  sum(nrs * mean) / sum(nrs) AS mean_power_w
FROM system_hw_pkg_power
GROUP BY guid
