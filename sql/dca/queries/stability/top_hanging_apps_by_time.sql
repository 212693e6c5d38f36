/*
question: In which ten listed applications do users lose the most time to hangs?
codename: HangRank
type: topk
tables: [application_hang_event_1002]
keys: [app_name]
values:
  hang_s_per_device: {metric: spearman, threshold: 0.5}
  num_hangs: {metric: spearman, threshold: 0.5}
contributions:
  select: >-
    SELECT guid, app_name, hang_s, num_hangs AS hangs FROM
    application_hang_event_1002 WHERE app_name <> 'Other'
  keys:
    app_name: application_hang_event_1002.app_name
  max_cells: 2
  amounts: {hang_s: 60, hangs: 10}
  values:
    hang_s_per_device: [hang_s, devices]
    num_hangs: hangs
  at_least: 20
  top: {by: hang_s_per_device, limit: 10}
*/
SELECT
  app_name,
  round(sum(hang_s) / count(*), 3) AS hang_s_per_device,
  sum(num_hangs) AS num_hangs
FROM application_hang_event_1002
WHERE app_name <> 'Other'
GROUP BY app_name
HAVING count(*) >= 20
ORDER BY hang_s_per_device DESC, app_name
LIMIT 10
