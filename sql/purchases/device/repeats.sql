/*
role: group
grain: One row per customer who came again on a later day.
reads: [purchases]
device: customer_id
columns:
  wait_days:
    {kind: integer, unit: days, low: 1, high: 546, bins: 18, zero: false,
    about: from the first day with a purchase to the second}
  active_days:
    {kind: integer, unit: days, low: 1, high: 546, bins: 18, zero: false,
    about: from the first day with a purchase to the last}
  num_later:
    {kind: integer, unit: purchases, about: "purchases after the first day", zero: false,
    edges: [1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100, 501]}
  later_value_usd:
    {kind: double, unit: USD, low: 1, high: 20000, bins: 26, scale: log,
    about: what they cost}
constraints:
  - at_most: [wait_days, active_days]
*/
WITH firsts AS (
  SELECT customer_id, min(day) AS first_day
  FROM purchases
  WHERE customer_id IS NOT NULL
  GROUP BY customer_id
)
SELECT
  customer_id,
  datediff('day', first_day, min(day)) AS wait_days,
  datediff('day', first_day, max(day)) AS active_days,
  count(*) AS num_later,
  sum(value_usd) AS later_value_usd
FROM purchases
JOIN firsts USING (customer_id)
WHERE day > first_day
GROUP BY customer_id, first_day
