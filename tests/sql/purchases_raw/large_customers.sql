-- How many customers bought 30 times or more, and what did they spend?
WITH large AS (
  SELECT customer_id, sum(value_usd) AS value_usd
  FROM purchases
  WHERE customer_id IS NOT NULL
  GROUP BY customer_id
  HAVING count(*) >= 30
)
SELECT count(*) AS num_customers, avg(value_usd) AS mean_value_usd
FROM large
