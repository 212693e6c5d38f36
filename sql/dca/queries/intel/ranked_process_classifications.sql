/*
question: Which classes of accounts take the most power?
codename: AccountPowerRank
type: topk
tables: [system_mods_power_consumption]
keys: [user_id]
# The table is a stub with one device: the study runs this query and does not score it.
values: {}
contributions:
  select: >-
    SELECT guid, user_id, sum(total_power_mw) AS power_mw FROM
    system_mods_power_consumption GROUP BY ALL
  keys:
    user_id: system_mods_power_consumption.user_id
  max_cells: 2
  amounts: {power_mw: 3000000}
  values:
    total_power_consumption: power_mw
*/
SELECT
  user_id,
  CAST(sum(total_power_mw) AS BIGINT) AS total_power_consumption,
  rank() OVER (ORDER BY total_power_consumption DESC) AS rnk
FROM system_mods_power_consumption
GROUP BY user_id
ORDER BY rnk, user_id
