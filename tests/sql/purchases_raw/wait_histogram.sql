-- After how many times 30 days does a customer come again?
WITH firsts AS (
  SELECT customer_id, min(day) AS first_day
  FROM purchases
  WHERE customer_id IS NOT NULL
  GROUP BY customer_id
),
waits AS (
  SELECT customer_id, min(datediff('day', first_day, day)) AS wait_days
  FROM purchases
  JOIN firsts USING (customer_id)
  WHERE day > first_day
  GROUP BY customer_id
)
SELECT
  wait_days // 30 AS times_30_days,
  count(*) AS num_customers
FROM waits
GROUP BY times_30_days
