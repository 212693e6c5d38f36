/*
question: What do users do in each product, in percent of its events?
codename: TypePivot
type: pivot
tables: [user_events]
keys: [product]
coverage: 0.5
values:
  open_percent: {metric: relative_error, threshold: 0.25}
  close_percent: {metric: relative_error, threshold: 0.25}
  save_percent: {metric: relative_error, threshold: 0.25}
  reset_percent: {metric: relative_error, threshold: 0.25}
*/
WITH event AS (
  SELECT
    split_part(product_event, '/', 1) AS product,
    split_part(product_event, '/', 2) AS event_type
  FROM user_events
  WHERE product_event IS NOT NULL
)
SELECT
  product,
  100.0 * count(*) FILTER (WHERE event_type = 'open') / count(*) AS open_percent,
  100.0 * count(*) FILTER (WHERE event_type = 'close') / count(*) AS close_percent,
  100.0 * count(*) FILTER (WHERE event_type = 'save') / count(*) AS save_percent,
  100.0 * count(*) FILTER (WHERE event_type = 'reset') / count(*) AS reset_percent
FROM event
GROUP BY product
ORDER BY product
