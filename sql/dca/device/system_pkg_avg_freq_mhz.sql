/*
role: group
grain: One row per device with readings of the mean frequency of the cores.
reads: [system_pkg_avg_freq_mhz]
device: guid
columns:
  num_days:
    {kind: integer, unit: days, low: 1, high: 700, bins: 12, scale: log, zero: false,
    absent: false,
    about: days with a reading; they multiply other tables' weights in joins}
  nrs:
    {kind: integer, unit: samples of 5 s, low: 10, high: 20000000, bins: 14, scale: log,
    about: samples; the weight of the mean, zero: false}
  avg_avg_freq_mhz:
    {kind: double, unit: MHz, low: 400, high: 5200, bins: 16, zero: false,
    about: mean frequency of the cores}
*/
SELECT
  guid,
  count(*) AS num_days,
  CAST(sum(nrs) AS BIGINT) AS nrs,
  sum(nrs * avg_avg_freq_mhz) / sum(nrs) AS avg_avg_freq_mhz
FROM system_pkg_avg_freq_mhz
GROUP BY guid
