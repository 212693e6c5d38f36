/*
question: Which ten processes of each class of accounts take the most power?
codename: ProcessUserRank
type: topk
tables: [system_mods_power_consumption]
keys: [user_id, app_id]
within: [user_id]
# The table is a stub with one device: the study runs this query and does not score it.
values: {}
contributions:
  select: >-
    SELECT guid, user_id, app_id, sum(total_power_mw) AS power_mw FROM
    system_mods_power_consumption GROUP BY ALL
  keys:
    user_id: system_mods_power_consumption.user_id
    app_id: system_mods_power_consumption.app_id
  max_cells: 3
  amounts: {power_mw: 1000000}
  values:
    total_power_consumption: power_mw
  top: {by: total_power_consumption, limit: 10, within: [user_id]}
*/
SELECT
  user_id,
  app_id,
  CAST(sum(total_power_mw) AS BIGINT) AS total_power_consumption,
  rank() OVER (PARTITION BY user_id ORDER BY total_power_consumption DESC) AS rnk
FROM system_mods_power_consumption
GROUP BY user_id, app_id
QUALIFY rnk <= 10
ORDER BY user_id, rnk, app_id
