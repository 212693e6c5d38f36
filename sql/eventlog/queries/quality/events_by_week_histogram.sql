/*
question: How many events does each week of the log have, from 1 May 2024?
codename: WeekHist
type: histogram
tables: [user_events]
keys: [week]
coverage: 0.5
values:
  num_events: {metric: total_variation, threshold: 0.15}
contributions:
  select: >-
    SELECT user_id, day // 7 AS week, count(*) AS events FROM user_events WHERE
    day IS NOT NULL GROUP BY ALL
  keys:
    week: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
  amounts: {events: 3}
  values:
    num_events: events
*/
SELECT day // 7 AS week, count(*) AS num_events
FROM user_events
WHERE day IS NOT NULL
GROUP BY week
ORDER BY week
