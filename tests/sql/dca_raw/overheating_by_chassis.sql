WITH peaks AS (
  SELECT guid, max(max_val) AS peak
  FROM good_readings
  WHERE metric_name = 'HW::CORE:TEMPERATURE:CENTIGRADE:' AND max_val BETWEEN 0 AND 150
  GROUP BY guid
)
SELECT
  coalesce(s.chassistype, 'Other'),
  count(*),
  round(100 * avg(CASE WHEN p.peak < 95 THEN 0 ELSE 1 END), 2)
FROM peaks p
JOIN system_sysinfo_unique_normalized s ON s.guid = p.guid
GROUP BY 1
HAVING count(*) >= 20
