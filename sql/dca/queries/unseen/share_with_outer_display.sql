/*
question: >-
  What share of the devices with displays has more than one kind of connection, by
  form factor?
codename: OuterShare
type: aggregate
tables: [system_sysinfo_unique_normalized, system_display_devices]
keys: [chassistype]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  pct_with_two: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
WITH connections AS (
  SELECT guid, count(DISTINCT connection_type) AS num_types
  FROM system_display_devices
  GROUP BY guid
)
SELECT
  chassistype,
  count(*) AS num_devices,
  100.0 * count(*) FILTER (WHERE num_types > 1) / count(*) AS pct_with_two
FROM system_sysinfo_unique_normalized
JOIN connections USING (guid)
GROUP BY chassistype
HAVING count(*) >= 50
ORDER BY chassistype
