SELECT
  s.countryname_normalized AS country,
  count(DISTINCT s.guid) AS number_of_systems,
  avg(b.num_power_ons) AS avg_number_of_dc_powerons,
  avg(b.duration_mins) AS avg_duration
FROM system_batt_dc_events b
JOIN system_sysinfo_unique_normalized s ON s.guid = b.guid
GROUP BY s.countryname_normalized
HAVING count(DISTINCT s.guid) > 100
ORDER BY avg_number_of_dc_powerons DESC
