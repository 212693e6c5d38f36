/*
question: Which listed application crashes on the most devices of each country?
codename: CrashAppGeo
type: geographic
tables: [system_sysinfo_unique_normalized, application_error_event_1000]
keys: [countryname_normalized]
values:
  app_name: {metric: agreement, threshold: 0.5}
contributions:
  select: >-
    SELECT guid, countryname_normalized, app_name FROM
    system_sysinfo_unique_normalized JOIN application_error_event_1000 USING
    (guid) WHERE app_name <> 'Other'
  keys:
    countryname_normalized: system_sysinfo_unique_normalized.countryname_normalized
    app_name: application_error_event_1000.app_name
  max_cells: 2
  values:
    num_devices: devices
  at_least: 10
  top: {by: num_devices, limit: 1, within: [countryname_normalized]}
*/
SELECT countryname_normalized, app_name
FROM system_sysinfo_unique_normalized
JOIN application_error_event_1000 USING (guid)
WHERE app_name <> 'Other'
GROUP BY countryname_normalized, app_name
HAVING count(*) >= 10
QUALIFY
  row_number() OVER (
    PARTITION BY countryname_normalized ORDER BY count(*) DESC, app_name
  ) = 1
ORDER BY countryname_normalized
