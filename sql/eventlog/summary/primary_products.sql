/*
about: >-
  Users by primary product, and how many of them have an error event. The primary product
  of a user has most of its events, the first by name among equals.
reads: [log]
*/
WITH product AS (
  SELECT
    "User ID",
    "Product Type",
    row_number() OVER (
      PARTITION BY "User ID" ORDER BY count(*) DESC, "Product Type"
    ) AS place,
    bool_or(bool_or("Event Type" = 'error')) OVER (PARTITION BY "User ID") AS has_error
  FROM log
  GROUP BY "User ID", "Product Type"
)
SELECT
  "Product Type",
  count(*) AS num_users,
  count(*) FILTER (WHERE has_error) AS num_error_users
FROM product
WHERE place = 1
GROUP BY "Product Type"
ORDER BY "Product Type"
