/*
question: How hot do devices run, and how busy are those of each heat?
codename: TemperatureHist
type: histogram
tables: [power_acdc_usage_v4_hist]
keys: [temp_from_celsius]
values:
  num_devices: {metric: total_variation, threshold: 0.15}
  avg_c0_pct: {metric: relative_error, threshold: 0.25}
*/
SELECT
  CAST(5 * floor(temp_celsius / 5) AS BIGINT) AS temp_from_celsius,
  count(*) AS num_devices,
  round(avg(c0_pct), 2) AS avg_c0_pct
FROM power_acdc_usage_v4_hist
WHERE temp_celsius IS NOT NULL
GROUP BY temp_from_celsius
ORDER BY temp_from_celsius
