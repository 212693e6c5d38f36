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
contributions:
  select: >-
    SELECT guid, discretegraphics, coalesce(bool_or(bugcheck_code = '0x116'),
    false) AS affected FROM system_sysinfo_unique_normalized LEFT JOIN
    microsoft_windows_kernel_power_event_41 USING (guid) WHERE discretegraphics IS
    NOT NULL GROUP BY ALL
  keys:
    discretegraphics: system_sysinfo_unique_normalized.discretegraphics
  amounts: {affected: 1}
  values:
    num_devices: devices
    affected_per_1000: [affected, devices, 1000]
  at_least: 50
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
