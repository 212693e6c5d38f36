/*
question: How many customers came in each month, and what did they spend in all?
codename: Cohort
type: aggregate
tables: [customers]
keys: [cohort]
devices: num_customers
values:
  num_customers: {metric: relative_error, threshold: 0.25}
  mean_value_usd: {metric: relative_error, threshold: 0.25}
*/
SELECT
  cohort,
  count(*) AS num_customers,
  avg(value_usd) AS mean_value_usd
FROM customers
WHERE cohort IS NOT NULL
GROUP BY cohort
ORDER BY cohort
