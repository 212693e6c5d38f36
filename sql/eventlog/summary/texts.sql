/*
about: Rows, distinct values and the number of the most frequent, by text column.
reads: [log]
*/
WITH item AS (
  SELECT 'Product Type' AS name, "Product Type" AS item FROM log
  UNION ALL
  SELECT 'Event Type', "Event Type" FROM log
  UNION ALL
  SELECT 'User ID', "User ID" FROM log
),
counted AS (
  SELECT name, item, count(*) AS num_rows FROM item GROUP BY name, item
)
SELECT
  name,
  CAST(sum(num_rows) AS BIGINT) AS num_rows,
  count(*) AS num_distinct,
  first(item ORDER BY num_rows DESC, item) AS top,
  max(num_rows) AS frequency
FROM counted
GROUP BY name
ORDER BY name
