/*
question: How are events spread over the types?
codename: EventTypeHist
type: histogram
tables: [user_events]
keys: [event_type]
coverage: 0.5
values:
  num_events: {metric: total_variation, threshold: 0.15}
contributions:
  select: >-
    SELECT user_id, split_part(product_event, '/', 2) AS event_type, count(*) AS
    events FROM user_events WHERE product_event IS NOT NULL GROUP BY ALL
  keys:
    event_type: [open, close, save, reset, error]
  max_cells: 2
  amounts: {events: 3}
  values:
    num_events: events
*/
SELECT split_part(product_event, '/', 2) AS event_type, count(*) AS num_events
FROM user_events
WHERE product_event IS NOT NULL
GROUP BY event_type
ORDER BY event_type
