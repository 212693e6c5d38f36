/*
question: Which processor families stop with an uncorrectable hardware error (0x124)?
codename: HardwareStop
type: aggregate
rare: true
tables: [system_sysinfo_unique_normalized, microsoft_windows_kernel_power_event_41]
keys: [cpu_family]
values:
  devices_affected: {metric: relative_error, threshold: 0.25}
  affected_per_1000: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, cpu_family, coalesce(bool_or(bugcheck_code = '0x124'), false) AS
    affected FROM system_sysinfo_unique_normalized LEFT JOIN
    microsoft_windows_kernel_power_event_41 USING (guid) GROUP BY ALL
  keys:
    cpu_family: system_sysinfo_unique_normalized.cpu_family
  amounts: {affected: 1}
  values:
    devices_affected: affected
    affected_per_1000: [affected, devices, 1000]
  at_least: 50
*/
SELECT
  cpu_family,
  count(DISTINCT guid) FILTER (WHERE bugcheck_code = '0x124') AS devices_affected,
  round(1000.0 * count(DISTINCT guid) FILTER (WHERE bugcheck_code = '0x124')
    / count(DISTINCT guid), 3) AS affected_per_1000
FROM system_sysinfo_unique_normalized
LEFT JOIN microsoft_windows_kernel_power_event_41 USING (guid)
GROUP BY cpu_family
HAVING count(DISTINCT guid) >= 50
ORDER BY affected_per_1000 DESC, cpu_family
