/*
role: group
grain: One row per device with readings of the temperature of the cores.
reads: [system_pkg_temp_centigrade]
device: guid
columns:
  num_days:
    {kind: integer, unit: days, low: 1, high: 700, bins: 12, scale: log, zero: false,
    absent: false,
    about: days with a reading; they multiply other tables' weights in joins}
  nrs:
    {kind: integer, unit: samples of 5 s, low: 10, high: 20000000, bins: 14, scale: log,
    about: samples; the weight of the mean, zero: false}
  avg_temp_centigrade:
    {kind: double, unit: degrees Celsius, low: 20, high: 100, bins: 16, zero: false,
    about: mean temperature of the cores}
*/
SELECT
  guid,
  count(*) AS num_days,
  CAST(sum(nrs) AS BIGINT) AS nrs,
  sum(nrs * avg_temp_centigrade) / sum(nrs) AS avg_temp_centigrade
FROM system_pkg_temp_centigrade
GROUP BY guid
