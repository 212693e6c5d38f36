/*
question: How busy are the cores of the fleet?
codename: ResidencyHist
type: histogram
tables: [power_acdc_usage_v4_hist]
keys: [c0_from_pct]
values:
  num_devices: {metric: total_variation, threshold: 0.15}
*/
SELECT
  CAST(least(10 * floor(c0_pct / 10), 90) AS BIGINT) AS c0_from_pct,
  count(*) AS num_devices
FROM power_acdc_usage_v4_hist
WHERE c0_pct IS NOT NULL
GROUP BY c0_from_pct
ORDER BY c0_from_pct
