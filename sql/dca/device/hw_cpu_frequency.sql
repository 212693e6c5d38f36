/*
role: group
grain: >-
  One row per device with samples of its processor's frequency. Rows without a positive
  number of samples, or with a frequency outside 1 to 10000 MHz, are no samples.
reads: [hw_cpu_frequency]
device: guid
constraints:
  - at_most: [mean_freq_mhz, max_freq_mhz]
columns:
  nrs:
    {kind: integer, unit: samples of 5 s, low: 10, high: 20000000, bins: 14, scale: log,
    absent: false, about: samples; the weight of the means, zero: false}
  mean_freq_mhz:
    {kind: double, unit: MHz, low: 400, high: 5200, bins: 16, zero: false,
    absent: false, about: mean frequency}
  max_freq_mhz:
    {kind: integer, unit: MHz, low: 400, high: 6199, bins: 16, zero: false,
    absent: false, about: highest frequency bin with a sample}
  mean_active_cores:
    {kind: double, unit: cores, low: 0.25, high: 32, bins: 14, scale: log,
    about: mean number of active cores}
  pct_below_1000_mhz:
    {kind: double, unit: "%", low: 0, high: 100, bins: 12, absent: false,
    about: share of samples below 1000 MHz}
  pct_from_3000_mhz:
    {kind: double, unit: "%", low: 0, high: 100, bins: 12, absent: false,
    about: share of samples at 3000 MHz or above}
*/
SELECT
  guid,
  CAST(sum(nrs) AS BIGINT) AS nrs,
  CAST(sum(CAST(nrs AS HUGEINT) * ia_freq_mhz) AS DOUBLE) / sum(nrs) AS mean_freq_mhz,
  CAST(max(ia_freq_mhz) AS BIGINT) AS max_freq_mhz,
  CAST(
    sum(CAST(nrs AS HUGEINT) * ia_active_cores) FILTER (WHERE ia_active_cores >= 0)
    AS DOUBLE
  ) / sum(nrs) FILTER (WHERE ia_active_cores >= 0) AS mean_active_cores,
  100 * coalesce(CAST(sum(nrs) FILTER (WHERE ia_freq_mhz < 1000) AS DOUBLE), 0)
    / sum(nrs) AS pct_below_1000_mhz,
  100 * coalesce(CAST(sum(nrs) FILTER (WHERE ia_freq_mhz >= 3000) AS DOUBLE), 0)
    / sum(nrs) AS pct_from_3000_mhz
FROM hw_cpu_frequency
WHERE guid IS NOT NULL AND nrs > 0 AND ia_freq_mhz BETWEEN 1 AND 10000
GROUP BY guid
