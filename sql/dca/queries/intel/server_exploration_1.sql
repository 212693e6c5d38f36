/*
question: >-
  Which devices with an hour of samples send more than they receive, and what are
  they?
codename: NetAsymAgg
type: aggregate
tables: [system_sysinfo_unique_normalized, system_network_consumption]
keys: []
# The study also lists device id, model and number of cores, and scores none of them.
values:
  row_count: {metric: row_count, threshold: 0.5}
  chassistype: {metric: share_variation, threshold: 0.2}
  vendor: {metric: share_variation, threshold: 0.2}
  os: {metric: share_variation, threshold: 0.2}
  nrs: {metric: mean_relative_error, threshold: 0.5}
  received_bytes: {metric: mean_relative_error, threshold: 0.5}
  sent_bytes: {metric: mean_relative_error, threshold: 0.5}
devices: >-
  SELECT guid FROM system_network_consumption WHERE nrs > 720 AND sent_share > 0.5
*/
SELECT
  nrs,
  total_bytes * (1 - sent_share) AS received_bytes,
  total_bytes * sent_share AS sent_bytes,
  chassistype,
  modelvendor_normalized AS vendor,
  ram_gb AS ram,
  os
FROM system_network_consumption
JOIN system_sysinfo_unique_normalized USING (guid)
WHERE nrs > 720 AND sent_share > 0.5
ORDER BY nrs, sent_bytes, received_bytes, chassistype, vendor, ram, os, guid
