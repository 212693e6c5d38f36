WITH means AS (
  SELECT
    guid,
    sum(CASE WHEN metric_name LIKE '%TEMPERATURE%' THEN nrs * avg_val END)
      / sum(CASE WHEN metric_name LIKE '%TEMPERATURE%' THEN nrs END) AS temp,
    sum(CASE WHEN metric_name LIKE '%C0%' THEN nrs * avg_val END)
      / sum(CASE WHEN metric_name LIKE '%C0%' THEN nrs END) AS c0
  FROM good_readings
  GROUP BY guid
)
SELECT
  (
    SELECT max(b.low) FROM range(0, 155, 5) AS b(low) WHERE b.low <= temp
  ) AS low,
  count(*),
  round(avg(c0), 2)
FROM means
WHERE temp IS NOT NULL
GROUP BY 1
