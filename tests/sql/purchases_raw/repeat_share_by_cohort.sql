-- Which share of the customers of each month came again?
WITH firsts AS (
  SELECT customer_id, min(day) AS first_day
  FROM purchases
  WHERE customer_id IS NOT NULL
  GROUP BY customer_id
)
SELECT
  strftime(first_day, '%Y-%m') AS cohort,
  count(DISTINCT customer_id) AS num_customers,
  count(DISTINCT customer_id) FILTER (WHERE day > first_day)
    / count(DISTINCT customer_id) AS share_again
FROM purchases
JOIN firsts USING (customer_id)
WHERE first_day IS NOT NULL
GROUP BY cohort
