/*
question: At which part of the day are errors most frequent?
codename: ErrorHours
type: aggregate
tables: [user_events]
keys: [from_hour]
coverage: 0.5
values:
  num_events: {metric: relative_error, threshold: 0.25}
  error_percent: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT user_id, hour // 6 * 6 AS from_hour, count(*) AS events, count(*)
    FILTER (WHERE split_part(product_event, '/', 2) = 'error') AS errors FROM
    user_events WHERE hour IS NOT NULL GROUP BY ALL
  keys:
    from_hour: [0, 6, 12, 18]
  amounts: {events: 3, errors: 3}
  values:
    num_events: events
    error_percent: [errors, events, 100]
*/
SELECT
  hour // 6 * 6 AS from_hour,
  count(*) AS num_events,
  100.0 * count(*) FILTER (WHERE split_part(product_event, '/', 2) = 'error')
    / count(*) AS error_percent
FROM user_events
WHERE hour IS NOT NULL
GROUP BY from_hour
ORDER BY from_hour
