/*
question: How many events does each week of the log have, from 1 May 2024?
codename: WeekHist
type: histogram
tables: [user_events]
keys: [week]
coverage: 0.5
values:
  num_events: {metric: total_variation, threshold: 0.15}
*/
SELECT day // 7 AS week, count(*) AS num_events
FROM user_events
WHERE day IS NOT NULL
GROUP BY week
ORDER BY week
