WITH counts AS (
  SELECT
    coalesce(s.chassistype, 'Other') AS chassis,
    w.error_string AS error,
    count(DISTINCT w.guid) AS n
  FROM wifi_error w
  JOIN system_sysinfo_unique_normalized s ON s.guid = w.guid
  WHERE w.error_count > 0
    AND w.error_string IN (SELECT name FROM listed_wifi_errors)
  GROUP BY 1, 2
)
SELECT chassis, error, n
FROM counts c
WHERE n >= 10 AND (
  SELECT count(*)
  FROM counts b
  WHERE b.chassis = c.chassis AND (b.n > c.n OR (b.n = c.n AND b.error < c.error))
) < 5
