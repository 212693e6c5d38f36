/*
question: >-
  How many devices use how many applications?
codename: AppCount
type: histogram
tables: [system_frgnd_apps_types]
keys: [num_applications]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
WITH sizes AS (
  SELECT guid, count(DISTINCT exe_name) AS num_names
  FROM system_frgnd_apps_types
  GROUP BY guid
)
SELECT
  CAST(floor(num_names / 10) * 10 AS BIGINT) AS num_applications,
  count(*) AS num_devices
FROM sizes
GROUP BY num_applications
ORDER BY num_applications
