/*
question: How busy are the cores of the fleet?
codename: ResidencyHist
type: histogram
tables: [power_acdc_usage_v4_hist]
keys: [c0_from_pct]
values:
  num_devices: {metric: total_variation, threshold: 0.15}
contributions:
  select: >-
    SELECT guid, CAST(least(10 * floor(c0_pct / 10), 90) AS BIGINT) AS c0_from_pct
    FROM power_acdc_usage_v4_hist WHERE c0_pct IS NOT NULL
  keys:
    c0_from_pct: [0, 10, 20, 30, 40, 50, 60, 70, 80, 90]
  values:
    num_devices: devices
*/
SELECT
  CAST(least(10 * floor(c0_pct / 10), 90) AS BIGINT) AS c0_from_pct,
  count(*) AS num_devices
FROM power_acdc_usage_v4_hist
WHERE c0_pct IS NOT NULL
GROUP BY c0_from_pct
ORDER BY c0_from_pct
