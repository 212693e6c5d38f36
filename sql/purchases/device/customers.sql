/*
role: anchor
grain: One row per customer.
reads: [purchases]
device: customer_id
columns:
  cohort: {kind: category, values: cohorts, about: month of the first purchase}
  first_value_usd:
    {kind: double, unit: USD, low: 1, high: 2000, bins: 22, scale: log,
    about: what was bought on the first day}
  num_purchases:
    {kind: integer, unit: purchases, about: "purchases in all", zero: false,
    edges: [1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100, 501]}
  value_usd:
    {kind: double, unit: USD, low: 1, high: 20000, bins: 26, scale: log,
    about: what all purchases cost}
*/
WITH firsts AS (
  SELECT customer_id, min(day) AS first_day
  FROM purchases
  WHERE customer_id IS NOT NULL
  GROUP BY customer_id
)
SELECT
  customer_id,
  strftime(first_day, '%Y-%m') AS cohort,
  sum(value_usd) FILTER (WHERE day = first_day) AS first_value_usd,
  count(*) AS num_purchases,
  sum(value_usd) AS value_usd
FROM purchases
JOIN firsts USING (customer_id)
GROUP BY customer_id, first_day
