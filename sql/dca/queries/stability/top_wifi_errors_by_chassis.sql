/*
question: Which five listed Wi-Fi errors meet the most devices of each form factor?
codename: WifiRank
type: topk
tables: [system_sysinfo_unique_normalized, wifi_error]
keys: [chassistype, error_string]
within: [chassistype]
coverage: 0.3
values:
  num_devices: {metric: spearman, threshold: 0.5}
contributions:
  select: >-
    SELECT guid, chassistype, error_string FROM system_sysinfo_unique_normalized
    JOIN wifi_error USING (guid) WHERE error_string <> 'Other'
  keys:
    chassistype: system_sysinfo_unique_normalized.chassistype
    error_string: wifi_error.error_string
  max_cells: 2
  values:
    num_devices: devices
  at_least: 10
  top: {by: num_devices, limit: 5, within: [chassistype]}
*/
SELECT chassistype, error_string, count(*) AS num_devices
FROM system_sysinfo_unique_normalized
JOIN wifi_error USING (guid)
WHERE error_string <> 'Other'
GROUP BY chassistype, error_string
HAVING count(*) >= 10
QUALIFY
  row_number() OVER (PARTITION BY chassistype ORDER BY num_devices DESC, error_string)
  <= 5
ORDER BY chassistype, num_devices DESC, error_string
