-- Which five months brought most?
SELECT
  strftime(day, '%Y-%m') AS month,
  count(DISTINCT customer_id) AS num_customers,
  sum(value_usd) AS value_usd
FROM purchases
WHERE customer_id IS NOT NULL AND day IS NOT NULL
GROUP BY month
ORDER BY value_usd DESC NULLS LAST, month
LIMIT 5
