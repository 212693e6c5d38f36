/*
question: On what share of devices is a display of each maker seen?
codename: VendorAgg
type: aggregate
tables: [system_display_vendors]
keys: [vendor_name]
values:
  percentage_of_systems: {metric: total_variation, threshold: 0.15}
contributions:
  select: >-
    SELECT guid, vendor_name FROM system_display_vendors
  keys:
    vendor_name: system_display_vendors.vendor_name
  max_cells: 2
  values:
    percentage_of_systems: {share: devices}
*/
SELECT
  vendor_name,
  count(DISTINCT guid) AS number_of_systems,
  total_number_of_systems,
  round(100 * number_of_systems / total_number_of_systems, 2) AS percentage_of_systems
FROM system_display_vendors
CROSS JOIN (
  SELECT count(DISTINCT guid) AS total_number_of_systems FROM system_display_vendors
)
GROUP BY vendor_name, total_number_of_systems
ORDER BY vendor_name
