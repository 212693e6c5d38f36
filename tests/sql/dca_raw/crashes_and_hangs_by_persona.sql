WITH counts AS (
  SELECT
    coalesce(persona, 'Unknown') AS persona,
    (
      SELECT count(*) FROM application_error_event_1000 e WHERE e.guid = s.guid
    ) AS crashes,
    (
      SELECT count(*) FROM application_hang_event_1002 h WHERE h.guid = s.guid
    ) AS hangs
  FROM system_sysinfo_unique_normalized s
)
SELECT
  persona,
  count(*),
  round(100 * avg(CASE WHEN crashes > 0 AND hangs > 0 THEN 1 ELSE 0 END), 2),
  round(avg(crashes), 3),
  round(avg(hangs), 3)
FROM counts
GROUP BY persona
HAVING count(*) >= 50
