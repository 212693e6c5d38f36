/*
question: Do devices with discrete graphics stop in the video driver (0x116) more often?
codename: GraphicsStop
type: aggregate
rare: true
tables: [system_sysinfo_unique_normalized, microsoft_windows_kernel_power_event_41]
keys: [discretegraphics]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  affected_per_1000: {metric: relative_error, threshold: 0.25}
*/
SELECT
  discretegraphics,
  count(DISTINCT guid) AS num_devices,
  round(1000.0 * count(DISTINCT guid) FILTER (WHERE bugcheck_code = '0x116')
    / count(DISTINCT guid), 3) AS affected_per_1000
FROM system_sysinfo_unique_normalized
LEFT JOIN microsoft_windows_kernel_power_event_41 USING (guid)
WHERE discretegraphics IS NOT NULL
GROUP BY discretegraphics
HAVING count(DISTINCT guid) >= 50
ORDER BY discretegraphics
