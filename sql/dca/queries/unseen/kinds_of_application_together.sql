/*
question: >-
  How many devices use applications of each two kinds?
codename: TwoKinds
type: aggregate
tables: [system_frgnd_apps_types]
keys: [app_type, other_type]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
WITH kinds AS (SELECT DISTINCT guid, app_type FROM system_frgnd_apps_types)
SELECT
  one.app_type,
  other.app_type AS other_type,
  count(*) AS num_devices
FROM kinds AS one
JOIN kinds AS other ON one.guid = other.guid AND one.app_type < other.app_type
GROUP BY one.app_type, other.app_type
HAVING count(*) >= 50
ORDER BY one.app_type, other_type
