/*
role: group
grain: One row per device with days on which a share of its memory was in use.
reads: [system_memory_utilization]
device: guid
columns:
  nrs:
    {kind: integer, unit: samples of 5 s, low: 10, high: 20000000, bins: 14, scale: log,
    about: samples; the weight of the mean, zero: false}
  avg_percentage_used:
    {kind: double, unit: "%", low: 0, high: 100, bins: 20, zero: false,
    about: mean over days of the share of memory in use}
*/
SELECT
  guid,
  CAST(sum(nrs) AS BIGINT) AS nrs,
  CAST(sum(nrs * avg_percentage_used) AS DOUBLE) / sum(nrs) AS avg_percentage_used
FROM system_memory_utilization
WHERE avg_percentage_used > 0
GROUP BY guid
