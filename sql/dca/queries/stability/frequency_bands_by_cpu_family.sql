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
contributions:
  select: >-
    SELECT guid, cpu_family, least(nrs, 50000) AS samples, least(nrs, 50000) *
    pct_below_1000_mhz AS low, least(nrs, 50000) * pct_from_3000_mhz AS high,
    least(nrs, 50000) * (100 - pct_below_1000_mhz - pct_from_3000_mhz) AS middle
    FROM system_sysinfo_unique_normalized JOIN hw_cpu_frequency USING (guid)
  keys:
    cpu_family: system_sysinfo_unique_normalized.cpu_family
  amounts: {samples: 50000, low: 5000000, high: 5000000, middle: 5000000}
  values:
    num_devices: devices
    pct_low: [low, samples]
    pct_middle: [middle, samples]
    pct_high: [high, samples]
  at_least: 20
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
