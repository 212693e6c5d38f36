SELECT
  coalesce(s.cpu_family, 'Other'),
  count(DISTINCT c.guid),
  round(count(*) / count(DISTINCT c.guid || strftime(c.dt, '%Y-%m-%d')), 3),
  round(100.0 * sum(CASE WHEN c.exit_code = 1 THEN 1 ELSE 0 END) / count(*), 2),
  round(
    100.0 * sum(CASE WHEN c.exit_code > 1 OR c.exit_code < 0 THEN 1 ELSE 0 END) / count(*),
    2
  )
FROM crashlog c
JOIN system_sysinfo_unique_normalized s ON s.guid = c.guid
GROUP BY 1
HAVING count(DISTINCT c.guid) >= 20
