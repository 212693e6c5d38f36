/*
question: Which ten applications of each kind are longest in focus on a day of use?
codename: FocalRank
type: topk
tables: [system_frgnd_apps_types]
keys: [app_type, exe_name]
within: [app_type]
# No least number of devices: one decides. Sums are whole milliseconds again before they
# are ranked, so that ties stay ties.
values:
  average_focal_sec_per_day: {metric: spearman, threshold: 0.5}
devices: >-
  SELECT guid, app_type, exe_name FROM system_frgnd_apps_types
contributions:
  select: >-
    SELECT guid, app_type, exe_name, least(num_days, 60) AS days, least(num_days,
    60) * focal_s_per_day AS focal_s FROM system_frgnd_apps_types WHERE exe_name <>
    'Other'
  keys:
    app_type: system_frgnd_apps_types.app_type
    exe_name: private
  max_cells: 5
  amounts: {days: 60, focal_s: 600000}
  values:
    average_focal_sec_per_day: [focal_s, days]
  top: {by: average_focal_sec_per_day, limit: 10, within: [app_type]}
*/
WITH averages AS (
  SELECT
    app_type,
    exe_name,
    round(sum(num_days * focal_s_per_day), 3) / sum(num_days) AS focal_s
  FROM system_frgnd_apps_types
  WHERE exe_name <> 'Other'
  GROUP BY app_type, exe_name
)
SELECT
  app_type,
  exe_name,
  round(focal_s) AS average_focal_sec_per_day,
  rank() OVER (PARTITION BY app_type ORDER BY focal_s DESC) AS rank
FROM averages
QUALIFY rank <= 10
ORDER BY app_type, rank, exe_name
