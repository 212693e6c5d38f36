/*
about: One row per event of the product log.
role: event
device: user_id
time: event_time
columns:
  product_type: "product, A to F or Others"
  event_type: "open, close, save, reset or error"
  event_time: "time of the event, to the second"
  user_id: "user"
*/
CREATE TABLE events (
  product_type VARCHAR,
  event_type VARCHAR,
  event_time TIMESTAMP,
  user_id VARCHAR
)
