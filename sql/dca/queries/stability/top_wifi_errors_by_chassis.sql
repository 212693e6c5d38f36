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
