/*
question: Which share of each product's events are errors?
codename: ErrorRate
type: aggregate
tables: [user_events]
keys: [product]
coverage: 0.5
values:
  num_events: {metric: relative_error, threshold: 0.25}
  error_percent: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT user_id, split_part(product_event, '/', 1) AS product, count(*) AS
    events, count(*) FILTER (WHERE split_part(product_event, '/', 2) = 'error') AS
    errors FROM user_events WHERE product_event IS NOT NULL GROUP BY ALL
  keys:
    product: [A, B, C, D, E, F, Others]
  amounts: {events: 3, errors: 3}
  values:
    num_events: events
    error_percent: [errors, events, 100]
*/
SELECT
  split_part(product_event, '/', 1) AS product,
  count(*) AS num_events,
  100.0 * count(*) FILTER (WHERE split_part(product_event, '/', 2) = 'error')
    / count(*) AS error_percent
FROM user_events
WHERE product_event IS NOT NULL
GROUP BY product
ORDER BY product
