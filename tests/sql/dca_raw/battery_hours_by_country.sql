SELECT
  coalesce(s.countryname_normalized, 'Other'),
  count(DISTINCT e.guid),
  round(100 * sum(CASE WHEN starts_with(event_name, 'DC') THEN hours ELSE 0 END)
    / sum(hours), 2)
FROM power_events e
JOIN system_sysinfo_unique_normalized s ON s.guid = e.guid
WHERE e.hours > 0 AND (starts_with(event_name, 'AC') OR starts_with(event_name, 'DC'))
GROUP BY 1
HAVING count(DISTINCT e.guid) >= 20
