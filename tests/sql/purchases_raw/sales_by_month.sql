-- What was sold in each month, and to how many customers?
SELECT
  strftime(day, '%Y-%m') AS month,
  count(DISTINCT customer_id) AS num_customers,
  count(*) AS num_purchases,
  sum(num_cds) AS num_cds,
  sum(value_usd) AS value_usd
FROM purchases
WHERE customer_id IS NOT NULL AND day IS NOT NULL
GROUP BY month
