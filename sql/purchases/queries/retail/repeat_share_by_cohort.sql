/*
question: Which share of the customers of each month came again?
codename: Repeat
type: aggregate
tables: [customers, repeats]
keys: [cohort]
devices: num_customers
values:
  num_customers: {metric: relative_error, threshold: 0.25}
  share_again: {metric: relative_error, threshold: 0.25}
*/
SELECT
  cohort,
  count(*) AS num_customers,
  count(repeats.customer_id) / count(*) AS share_again
FROM customers
LEFT JOIN repeats USING (customer_id)
WHERE cohort IS NOT NULL
GROUP BY cohort
ORDER BY cohort
