/*
question: What was sold in each month, and to how many customers?
codename: Sales
type: aggregate
tables: [months]
keys: [month]
devices: num_customers
values:
  num_customers: {metric: relative_error, threshold: 0.25}
  num_purchases: {metric: relative_error, threshold: 0.25}
  num_cds: {metric: relative_error, threshold: 0.25}
  value_usd: {metric: relative_error, threshold: 0.25}
*/
SELECT
  month,
  count(DISTINCT customer_id) AS num_customers,
  sum(num_purchases) AS num_purchases,
  sum(num_cds) AS num_cds,
  sum(value_usd) AS value_usd
FROM months
WHERE month IS NOT NULL
GROUP BY month
ORDER BY month
