/*
role: anchor
grain: One row a user with an event in the log.
reads: [users, events]
device: user_id
columns:
  num_events:
    {kind: integer, unit: events, about: "events of the user",
    edges: [1, 2, 3, 4, 6, 11, 101, 1001, 100001]}
  num_errors:
    {kind: integer, unit: events, about: "error events of the user",
    edges: [1, 2, 3, 6, 101, 10001]}
*/
SELECT
  users.user_id,
  count(events.event_type) AS num_events,
  count(events.event_type) FILTER (WHERE events.event_type = 'error') AS num_errors
FROM users
LEFT JOIN events USING (user_id)
GROUP BY users.user_id
