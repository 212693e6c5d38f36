/*
question: How do the products rank by their share of error events?
codename: TopErrorRate
type: topk
tables: [user_events]
keys: [product]
coverage: 0.3
values:
  error_percent: {metric: spearman, threshold: 0.5}
*/
SELECT
  split_part(product_event, '/', 1) AS product,
  100.0 * count(*) FILTER (WHERE split_part(product_event, '/', 2) = 'error')
    / count(*) AS error_percent
FROM user_events
WHERE product_event IS NOT NULL
GROUP BY product
ORDER BY error_percent DESC, product
