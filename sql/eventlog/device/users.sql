/*
role: anchor
grain: One row per user with an event in the log.
reads: [users, events]
device: user_id
columns:
  num_events:
    {kind: integer, unit: events, absent: false, about: "events of the user",
    edges: [1, 2, 3, 4, 6, 11, 101, 1001, 100001]}
*/
SELECT
  users.user_id,
  count(events.event_type) AS num_events
FROM users
LEFT JOIN events USING (user_id)
GROUP BY users.user_id
