/*
about: One row per user who has an event in the log.
role: devices
device: user_id
columns:
  user_id: "user"
*/
CREATE TABLE users (user_id VARCHAR)
