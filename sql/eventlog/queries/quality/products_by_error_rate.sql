/*
question: How do the products rank by their share of error events?
codename: TopErrorRate
type: topk
tables: [user_events]
keys: [product]
coverage: 0.3
values:
  error_percent: {metric: spearman, threshold: 0.5}
contributions:
  select: >-
    SELECT user_id, split_part(product_event, '/', 1) AS product, count(*) AS
    events, count(*) FILTER (WHERE split_part(product_event, '/', 2) = 'error') AS
    errors FROM user_events WHERE product_event IS NOT NULL GROUP BY ALL
  keys:
    product: [A, B, C, D, E, F, Others]
  amounts: {events: 3, errors: 3}
  values:
    error_percent: [errors, events, 100]
  top: {by: error_percent, limit: 7}
*/
SELECT
  split_part(product_event, '/', 1) AS product,
  100.0 * count(*) FILTER (WHERE split_part(product_event, '/', 2) = 'error')
    / count(*) AS error_percent
FROM user_events
WHERE product_event IS NOT NULL
GROUP BY product
ORDER BY error_percent DESC, product
