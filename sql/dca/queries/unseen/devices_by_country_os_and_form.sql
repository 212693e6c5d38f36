/*
question: >-
  How many devices are there of each country, Windows version and form factor?
codename: GeoOsForm
type: geographic
tables: [system_sysinfo_unique_normalized]
keys: [countryname_normalized, os, chassistype]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
SELECT countryname_normalized, os, chassistype, count(*) AS num_devices
FROM system_sysinfo_unique_normalized
GROUP BY countryname_normalized, os, chassistype
HAVING count(*) >= 50
ORDER BY countryname_normalized, os, chassistype
