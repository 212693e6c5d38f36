/*
question: >-
  What share of the devices of each country sends more than it receives?
codename: SendShare
type: geographic
tables: [system_sysinfo_unique_normalized, system_network_consumption]
keys: [countryname_normalized]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  pct_senders: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
SELECT
  countryname_normalized,
  count(*) AS num_devices,
  100.0 * count(*) FILTER (WHERE sent_share > 0.5) / count(*) AS pct_senders
FROM system_sysinfo_unique_normalized
JOIN system_network_consumption USING (guid)
GROUP BY countryname_normalized
HAVING count(*) >= 50
ORDER BY countryname_normalized
