WITH means AS (
  SELECT guid, sum(nrs * avg_val) / sum(nrs) AS c0
  FROM good_readings
  WHERE metric_name = 'HW::CORE:C0:PERCENT:'
  GROUP BY guid
)
SELECT (SELECT max(b.low) FROM range(0, 100, 10) AS b(low) WHERE b.low <= c0), count(*)
FROM means
GROUP BY 1
