/*
question: Do customers who begin large go on large?
codename: FirstDay
type: aggregate
tables: [customers]
keys: [first_day_from_usd]
devices: num_customers
values:
  num_customers: {metric: relative_error, threshold: 0.25}
  mean_purchases: {metric: relative_error, threshold: 0.25}
  mean_value_usd: {metric: relative_error, threshold: 0.25}
*/
SELECT
  CASE
    WHEN first_value_usd < 10 THEN 0
    WHEN first_value_usd < 20 THEN 10
    WHEN first_value_usd < 50 THEN 20
    WHEN first_value_usd < 100 THEN 50
    ELSE 100
  END AS first_day_from_usd,
  count(*) AS num_customers,
  avg(num_purchases) AS mean_purchases,
  avg(value_usd) AS mean_value_usd
FROM customers
WHERE first_value_usd IS NOT NULL
GROUP BY first_day_from_usd
ORDER BY first_day_from_usd
