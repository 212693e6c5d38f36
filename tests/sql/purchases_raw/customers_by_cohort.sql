-- How many customers came in each month, and what did they spend in all?
WITH firsts AS (
  SELECT customer_id, min(day) AS first_day
  FROM purchases
  WHERE customer_id IS NOT NULL
  GROUP BY customer_id
)
SELECT
  strftime(first_day, '%Y-%m') AS cohort,
  count(DISTINCT customer_id) AS num_customers,
  sum(value_usd) / count(DISTINCT customer_id) FILTER (WHERE value_usd IS NOT NULL)
    AS mean_value_usd
FROM purchases
JOIN firsts USING (customer_id)
WHERE first_day IS NOT NULL
GROUP BY cohort
