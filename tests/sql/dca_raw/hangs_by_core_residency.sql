WITH loads AS (
  SELECT guid, sum(nrs * avg_val) / sum(nrs) AS mean
  FROM good_readings
  WHERE metric_name = 'HW::CORE:C0:PERCENT:'
  GROUP BY guid
)
SELECT
  CASE
    WHEN mean >= 75 THEN 'C0 from 75 %'
    WHEN mean >= 50 THEN 'C0 from 50 to 75 %'
    WHEN mean >= 25 THEN 'C0 from 25 to 50 %'
    ELSE 'C0 below 25 %'
  END,
  count(DISTINCT l.guid),
  round(100.0 * count(DISTINCT h.guid) / count(DISTINCT l.guid), 2),
  round(count(h.guid) / count(DISTINCT l.guid), 3)
FROM loads l
LEFT JOIN application_hang_event_1002 h ON h.guid = l.guid
GROUP BY 1
HAVING count(DISTINCT l.guid) >= 20
