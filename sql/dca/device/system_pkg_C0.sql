/*
role: group
grain: One row per device with readings of the C0 residency of the package.
reads: [system_pkg_C0]
device: guid
columns:
  num_days:
    {kind: integer, unit: days, low: 1, high: 700, bins: 12, scale: log, zero: false,
    absent: false,
    about: days with a reading; they multiply other tables' weights in joins}
  nrs:
    {kind: integer, unit: samples of 5 s, low: 10, high: 20000000, bins: 14, scale: log,
    about: samples; the weight of the mean, zero: false}
  avg_pkg_c0:
    {kind: double, unit: "%", low: 0, high: 100, bins: 14,
    about: mean C0 residency of the package}
*/
SELECT
  guid,
  count(*) AS num_days,
  CAST(sum(nrs) AS BIGINT) AS nrs,
  sum(nrs * avg_pkg_c0) / sum(nrs) AS avg_pkg_c0
FROM system_pkg_C0
GROUP BY guid
