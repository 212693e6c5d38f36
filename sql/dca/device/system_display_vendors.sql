/*
role: entity
grain: One row per device and maker of its displays, active or not.
reads: [system_display_devices]
device: guid
# Makers of the displays that one laptop meets.
max_rows: 100
fixed_rows: 4
# The vocabulary rises to the most common, so that a full device keeps those.
cap_by: vendor_name
unique: [vendor_name]
columns:
  vendor_name:
    {kind: category, values: display_vendors, other: Other, about: maker of the display}
*/
SELECT DISTINCT guid, vendor_name
FROM system_display_devices
