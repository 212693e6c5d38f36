/*
question: How hot do devices run, and how busy are those of each heat?
codename: TemperatureHist
type: histogram
tables: [power_acdc_usage_v4_hist]
keys: [temp_from_celsius]
values:
  num_devices: {metric: total_variation, threshold: 0.15}
  avg_c0_pct: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, CAST(5 * floor(temp_celsius / 5) AS BIGINT) AS temp_from_celsius,
    c0_pct IS NOT NULL AS known, c0_pct AS residency FROM power_acdc_usage_v4_hist
    WHERE temp_celsius IS NOT NULL
  keys:
    temp_from_celsius:
      [20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95, 100]
  amounts: {known: 1, residency: 100}
  values:
    num_devices: devices
    avg_c0_pct: [residency, known]
*/
SELECT
  CAST(5 * floor(temp_celsius / 5) AS BIGINT) AS temp_from_celsius,
  count(*) AS num_devices,
  round(avg(c0_pct), 2) AS avg_c0_pct
FROM power_acdc_usage_v4_hist
WHERE temp_celsius IS NOT NULL
GROUP BY temp_from_celsius
ORDER BY temp_from_celsius
