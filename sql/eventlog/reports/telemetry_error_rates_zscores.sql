/*
about: >-
  Error events, all events and their ratio by product; how many population standard
  deviations over products the ratio lies above their mean.
reads: [log]
*/
WITH product AS (
  SELECT
    "Product Type",
    count(*) FILTER (WHERE "Event Type" = 'error') AS "Error Count",
    count(*) AS "Total Count",
    "Error Count" / "Total Count" AS "Error Rate"
  FROM log
  GROUP BY "Product Type"
)
SELECT
  *,
  ("Error Rate" - avg("Error Rate") OVER ())
    / nullif(stddev_pop("Error Rate") OVER (), 0) AS "Error Rate Z-Score"
FROM product
ORDER BY "Error Rate" DESC, "Product Type"
