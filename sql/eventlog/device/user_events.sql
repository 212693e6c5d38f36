/*
role: entity
grain: >-
  One row per event of a user. Product and event type are one column, so that error
  rates by product survive every method.
reads: [events]
device: user_id
# By the published description there are 1.1 events per user, and one user has
# thousands. So a method of fixed shapes reads the latest event.
max_rows: 20000
fixed_rows: 1
cap_by: day
columns:
  product_event:
    {kind: category, values: product_events, about: "product/event type"}
  day:
    {kind: integer, unit: d, zero: false, about: "days since 1 May 2024, in weeks",
    edges: [0, 7, 14, 21, 28, 35, 42, 49, 56, 63, 70, 77, 84, 91]}
  hour:
    {kind: integer, unit: h, zero: false, about: "hour of the day",
    edges: [0, 3, 6, 9, 12, 15, 18, 21, 24]}
*/
SELECT
  user_id,
  product_type || '/' || event_type AS product_event,
  CAST(date_diff('day', TIMESTAMP '2024-05-01', event_time) AS BIGINT) AS day,
  CAST(hour(event_time) AS BIGINT) AS hour
FROM events
WHERE user_id IS NOT NULL
