/*
question: How many customers bought 30 times or more, and what did they spend?
codename: Large
type: aggregate
rare: true
tables: [customers]
keys: []
devices: num_customers
values:
  num_customers: {metric: relative_error, threshold: 0.25}
  mean_value_usd: {metric: relative_error, threshold: 0.25}
*/
SELECT
  count(*) AS num_customers,
  avg(value_usd) AS mean_value_usd
FROM customers
WHERE num_purchases >= 30
