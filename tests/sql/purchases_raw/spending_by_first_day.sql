-- Do customers who begin large go on large?
WITH firsts AS (
  SELECT customer_id, min(day) AS first_day
  FROM purchases
  WHERE customer_id IS NOT NULL
  GROUP BY customer_id
),
per_customer AS (
  SELECT
    customer_id,
    sum(value_usd) FILTER (WHERE day = first_day) AS first_value_usd,
    count(*) AS num_purchases,
    sum(value_usd) AS value_usd
  FROM purchases
  JOIN firsts USING (customer_id)
  GROUP BY customer_id
)
SELECT
  CASE
    WHEN first_value_usd < 10 THEN 0
    WHEN first_value_usd < 20 THEN 10
    WHEN first_value_usd < 50 THEN 20
    WHEN first_value_usd < 100 THEN 50
    ELSE 100
  END AS first_day_from_usd,
  count(*) AS num_customers,
  sum(num_purchases) / count(*) AS mean_purchases,
  sum(value_usd) / count(*) AS mean_value_usd
FROM per_customer
WHERE first_value_usd IS NOT NULL
GROUP BY first_day_from_usd
