/*
question: Which five months brought most?
codename: BestMonths
type: topk
tables: [months]
keys: [month]
devices: num_customers
values:
  num_customers: {metric: spearman, threshold: 0.5}
  value_usd: {metric: spearman, threshold: 0.5}
*/
SELECT
  month,
  count(DISTINCT customer_id) AS num_customers,
  sum(value_usd) AS value_usd
FROM months
WHERE month IS NOT NULL
GROUP BY month
ORDER BY value_usd DESC NULLS LAST, month
LIMIT 5
