/*
role: group
grain: One row per device with readings of the power of the platform.
reads: [system_psys_rap_watts]
device: guid
columns:
  num_days:
    {kind: integer, unit: days, low: 1, high: 700, bins: 12, scale: log, zero: false,
    absent: false,
    about: days with a reading; they multiply other tables' weights in joins}
  nrs:
    {kind: integer, unit: samples of 5 s, low: 10, high: 20000000, bins: 14, scale: log,
    about: samples; the weight of the mean, zero: false}
  avg_psys_rap_watts:
    {kind: double, unit: W, low: 0.5, high: 250, bins: 16, scale: log,
    about: mean power of the platform}
*/
SELECT
  guid,
  count(*) AS num_days,
  CAST(sum(nrs) AS BIGINT) AS nrs,
  sum(nrs * avg_psys_rap_watts) / sum(nrs) AS avg_psys_rap_watts
FROM system_psys_rap_watts
GROUP BY guid
