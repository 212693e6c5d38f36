/*
question: >-
  On how many devices does each blocker keep modern standby from working, and for
  how long?
codename: BlockName
type: aggregate
tables: [system_mods_top_blocker_hist]
keys: [blocker]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  records_per_device: {metric: relative_error, threshold: 0.25}
  active_s: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
SELECT
  blocker,
  count(DISTINCT guid) AS num_devices,
  sum(num_occurrences) / num_devices AS records_per_device,
  sum(num_occurrences * active_s) / sum(num_occurrences) AS active_s
FROM system_mods_top_blocker_hist
WHERE blocker <> 'Other|Other'
GROUP BY blocker
HAVING count(DISTINCT guid) >= 50
ORDER BY blocker
