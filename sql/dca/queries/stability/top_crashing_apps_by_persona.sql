/*
question: Which five listed applications crash on the most devices of each kind of use?
codename: CrashPersonaRank
type: topk
tables: [system_sysinfo_unique_normalized, application_error_event_1000]
keys: [persona, app_name]
within: [persona]
coverage: 0.3
values:
  num_devices: {metric: spearman, threshold: 0.5}
contributions:
  select: >-
    SELECT guid, persona, app_name FROM system_sysinfo_unique_normalized JOIN
    application_error_event_1000 USING (guid) WHERE app_name <> 'Other'
  keys:
    persona: system_sysinfo_unique_normalized.persona
    app_name: application_error_event_1000.app_name
  max_cells: 2
  values:
    num_devices: devices
  at_least: 10
  top: {by: num_devices, limit: 5, within: [persona]}
*/
SELECT persona, app_name, count(*) AS num_devices
FROM system_sysinfo_unique_normalized
JOIN application_error_event_1000 USING (guid)
WHERE app_name <> 'Other'
GROUP BY persona, app_name
HAVING count(*) >= 10
QUALIFY row_number() OVER (PARTITION BY persona ORDER BY num_devices DESC, app_name) <= 5
ORDER BY persona, num_devices DESC, app_name
