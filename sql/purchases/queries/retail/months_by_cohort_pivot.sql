/*
question: Which share of its customers does each cohort see in each month?
codename: CohortMonths
type: pivot
tables: [customers, months]
keys: [cohort, month]
devices: num_customers
values:
  num_customers: {metric: relative_error, threshold: 0.25}
  share: {metric: total_variation, threshold: 0.25}
*/
WITH sizes AS (
  SELECT cohort, count(*) AS size
  FROM customers
  WHERE cohort IS NOT NULL
  GROUP BY cohort
)
SELECT
  cohort,
  month,
  count(DISTINCT customer_id) AS num_customers,
  count(DISTINCT customer_id) / any_value(size) AS share
FROM customers
JOIN months USING (customer_id)
JOIN sizes USING (cohort)
WHERE month IS NOT NULL
GROUP BY cohort, month
ORDER BY cohort, month
