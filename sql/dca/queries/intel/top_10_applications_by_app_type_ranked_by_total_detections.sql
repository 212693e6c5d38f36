/*
question: Which ten applications of each kind come into focus most often?
codename: DetectionRank
type: topk
tables: [system_frgnd_apps_types]
keys: [app_type, exe_name]
within: [app_type]
values:
  total_number_of_detections: {metric: spearman, threshold: 0.5}
contributions:
  select: >-
    SELECT guid, app_type, exe_name, num_days * detections_per_day AS detections
    FROM system_frgnd_apps_types WHERE exe_name <> 'Other'
  keys:
    app_type: system_frgnd_apps_types.app_type
    exe_name: private
  max_cells: 5
  amounts: {detections: 2000}
  values:
    total_number_of_detections: detections
  top: {by: total_number_of_detections, limit: 10, within: [app_type]}
*/
SELECT
  app_type,
  exe_name,
  CAST(round(sum(num_days * detections_per_day)) AS BIGINT)
    AS total_number_of_detections,
  rank() OVER (PARTITION BY app_type ORDER BY total_number_of_detections DESC) AS rank
FROM system_frgnd_apps_types
WHERE exe_name <> 'Other'
GROUP BY app_type, exe_name
QUALIFY rank <= 10
ORDER BY app_type, rank, exe_name
