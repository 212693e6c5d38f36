WITH heat AS (
  SELECT guid, sum(nrs * avg_val) / sum(nrs) AS mean
  FROM good_readings
  WHERE metric_name = 'HW::CORE:TEMPERATURE:CENTIGRADE:'
  GROUP BY guid
)
SELECT
  CAST(mean AS INTEGER) // 10 * 10
    - CASE WHEN CAST(mean AS INTEGER) % 10 = 0 AND mean < CAST(mean AS INTEGER)
      THEN 10 ELSE 0 END,
  count(DISTINCT h.guid),
  round(100.0 * count(DISTINCT k.guid) / count(DISTINCT h.guid), 2),
  round(sum(coalesce(k.n, 0)) / count(DISTINCT h.guid), 3)
FROM heat h
LEFT JOIN (
  SELECT guid, CASE WHEN count(*) > 20 THEN 20 ELSE count(*) END AS n
  FROM microsoft_windows_kernel_power_event_41
  GROUP BY guid
) k ON k.guid = h.guid
GROUP BY 1
HAVING count(DISTINCT h.guid) >= 20
