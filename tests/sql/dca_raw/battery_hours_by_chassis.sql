SELECT
  coalesce(s.chassistype, 'Other'),
  count(DISTINCT e.guid),
  round(
    sum(CASE WHEN e.event_name[1:2] = 'AC' THEN e.hours ELSE 0 END)
      / count(DISTINCT e.guid || strftime(e.dt, '%Y-%m-%d')),
    3
  ),
  round(
    sum(CASE WHEN e.event_name[1:2] = 'DC' THEN e.hours ELSE 0 END)
      / count(DISTINCT e.guid || strftime(e.dt, '%Y-%m-%d')),
    3
  )
FROM power_events e
JOIN system_sysinfo_unique_normalized s ON s.guid = e.guid
GROUP BY 1
HAVING count(DISTINCT e.guid) >= 20
