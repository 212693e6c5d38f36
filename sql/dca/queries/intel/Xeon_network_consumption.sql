/*
question: How much do servers and other devices receive and send, by Windows version?
codename: XeonGeo
type: geographic
tables: [system_sysinfo_unique_normalized, system_network_consumption]
keys: [processor_class, os]
# Means of the devices' totals, weighted by their samples.
values:
  number_of_systems: {metric: relative_error, threshold: 0.25}
  avg_bytes_received: {metric: relative_error, threshold: 0.25}
  avg_bytes_sent: {metric: relative_error, threshold: 0.25}
devices: number_of_systems
*/
SELECT
  processor_class,
  os,
  count(*) AS number_of_systems,
  sum(nrs * total_bytes * (1 - coalesce(sent_share, 0))) / sum(nrs)
    AS avg_bytes_received,
  sum(nrs * total_bytes * coalesce(sent_share, 0)) / sum(nrs) AS avg_bytes_sent
FROM system_sysinfo_unique_normalized
JOIN system_network_consumption USING (guid)
GROUP BY processor_class, os
ORDER BY processor_class, os
