/*
question: >-
  How many devices report each two blockers of modern standby?
codename: TwoBlocks
type: aggregate
tables: [system_mods_top_blocker_hist]
keys: [blocker, other_blocker]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
WITH blockers AS (
  SELECT DISTINCT guid, blocker
  FROM system_mods_top_blocker_hist
  WHERE blocker <> 'Other|Other'
)
SELECT
  one.blocker,
  other.blocker AS other_blocker,
  count(*) AS num_devices
FROM blockers AS one
JOIN blockers AS other ON one.guid = other.guid AND one.blocker < other.blocker
GROUP BY one.blocker, other.blocker
HAVING count(*) >= 100
ORDER BY one.blocker, other_blocker
