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
contributions:
  select: >-
    SELECT guid, processor_class, os, least(nrs, 500000) AS samples, least(nrs,
    500000) * least(total_bytes, 1e12) * (1 - coalesce(sent_share, 0)) AS received,
    least(nrs, 500000) * least(total_bytes, 1e12) * coalesce(sent_share, 0) AS sent
    FROM system_sysinfo_unique_normalized JOIN system_network_consumption USING
    (guid)
  keys:
    processor_class: system_sysinfo_unique_normalized.processor_class
    os: system_sysinfo_unique_normalized.os
  amounts: {samples: 500000, received: 5.0e+17, sent: 5.0e+17}
  values:
    number_of_systems: devices
    avg_bytes_received: [received, samples]
    avg_bytes_sent: [sent, samples]
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
