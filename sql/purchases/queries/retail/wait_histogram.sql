/*
question: After how many times 30 days does a customer come again?
codename: Wait
type: histogram
tables: [repeats]
keys: [times_30_days]
devices: num_customers
values:
  num_customers: {metric: relative_error, threshold: 0.25}
*/
SELECT
  wait_days // 30 AS times_30_days,
  count(*) AS num_customers
FROM repeats
WHERE wait_days IS NOT NULL
GROUP BY times_30_days
ORDER BY times_30_days
