/*
question: How is time shared between low, middle and high frequency, by processor family?
codename: FrequencyPivot
type: pivot
tables: [system_sysinfo_unique_normalized, hw_cpu_frequency]
keys: [cpu_family]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  pct_low: {metric: relative_error, threshold: 0.25}
  pct_middle: {metric: relative_error, threshold: 0.25}
  pct_high: {metric: relative_error, threshold: 0.25}
*/
WITH shares AS (
  SELECT
    cpu_family,
    count(*) AS num_devices,
    sum(nrs * pct_below_1000_mhz) / sum(nrs) AS low,
    sum(nrs * pct_from_3000_mhz) / sum(nrs) AS high
  FROM system_sysinfo_unique_normalized
  JOIN hw_cpu_frequency USING (guid)
  GROUP BY cpu_family
)
SELECT
  cpu_family,
  num_devices,
  round(low, 2) AS pct_low,
  round(100 - low - high, 2) AS pct_middle,
  round(high, 2) AS pct_high
FROM shares
WHERE num_devices >= 20
ORDER BY cpu_family
