SELECT
  c.marketcodename,
  c.cpugen,
  count(DISTINCT b.guid) AS number_of_systems,
  avg(b.duration_mins) AS avg_duration_mins_on_battery
FROM system_cpu_metadata c
JOIN system_batt_dc_events b ON c.guid = b.guid
WHERE c.cpugen <> 'Unknown'
GROUP BY c.marketcodename, c.cpugen
HAVING count(DISTINCT b.guid) > 100
