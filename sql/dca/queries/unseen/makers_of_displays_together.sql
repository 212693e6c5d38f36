/*
question: >-
  How many devices have displays of each two makers?
codename: TwoMakers
type: aggregate
tables: [system_display_vendors]
keys: [vendor_name, other_vendor]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
SELECT
  one.vendor_name,
  other.vendor_name AS other_vendor,
  count(*) AS num_devices
FROM system_display_vendors AS one
JOIN system_display_vendors AS other
  ON one.guid = other.guid AND one.vendor_name < other.vendor_name
GROUP BY one.vendor_name, other.vendor_name
HAVING count(*) >= 50
ORDER BY one.vendor_name, other_vendor
