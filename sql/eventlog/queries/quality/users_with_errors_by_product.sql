/*
question: How many users of each product have met an error in it?
codename: ErrorUsers
type: aggregate
rare: true
tables: [user_events]
keys: [product]
coverage: 0.5
values:
  num_users: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT DISTINCT user_id, split_part(product_event, '/', 1) AS product FROM
    user_events WHERE split_part(product_event, '/', 2) = 'error'
  keys:
    product: [A, B, C, D, E, F, Others]
  values:
    num_users: devices
*/
SELECT
  split_part(product_event, '/', 1) AS product,
  count(DISTINCT user_id) AS num_users
FROM user_events
WHERE split_part(product_event, '/', 2) = 'error'
GROUP BY product
ORDER BY product
