-- Which share of its customers does each cohort see in each month?
WITH firsts AS (
  SELECT customer_id, min(day) AS first_day
  FROM purchases
  WHERE customer_id IS NOT NULL
  GROUP BY customer_id
),
sizes AS (
  SELECT strftime(first_day, '%Y-%m') AS cohort, count(*) AS size
  FROM firsts
  GROUP BY cohort
)
SELECT
  strftime(first_day, '%Y-%m') AS cohort,
  strftime(day, '%Y-%m') AS month,
  count(DISTINCT customer_id) AS num_customers,
  count(DISTINCT customer_id) / any_value(size) AS share
FROM purchases
JOIN firsts USING (customer_id)
JOIN sizes ON strftime(first_day, '%Y-%m') = sizes.cohort
WHERE day IS NOT NULL
GROUP BY strftime(first_day, '%Y-%m'), strftime(day, '%Y-%m')
