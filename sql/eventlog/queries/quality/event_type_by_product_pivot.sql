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
contributions:
  select: >-
    SELECT user_id, split_part(product_event, '/', 1) AS product, count(*) AS
    events, count(*) FILTER (WHERE split_part(product_event, '/', 2) = 'open') AS
    opens, count(*) FILTER (WHERE split_part(product_event, '/', 2) = 'close') AS
    closes, count(*) FILTER (WHERE split_part(product_event, '/', 2) = 'save') AS
    saves, count(*) FILTER (WHERE split_part(product_event, '/', 2) = 'reset') AS
    resets FROM user_events WHERE product_event IS NOT NULL GROUP BY ALL
  keys:
    product: [A, B, C, D, E, F, Others]
  amounts: {events: 3, opens: 3, closes: 3, saves: 3, resets: 3}
  values:
    open_percent: [opens, events, 100]
    close_percent: [closes, events, 100]
    save_percent: [saves, events, 100]
    reset_percent: [resets, events, 100]
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
