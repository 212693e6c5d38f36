/*
question: Which twenty processes take the most power, and how much in a session?
codename: ProcessPowerRank
type: topk
tables: [system_mods_power_consumption]
keys: [app_id]
# The table is a stub with one device: the study runs this query and does not score it.
# It ranks by the sum and gives the mean under the sum's name, as the study does.
values: {}
contributions:
  select: >-
    SELECT guid, app_id, sum(num_rows) AS sessions, sum(total_power_mw) AS power_mw
    FROM system_mods_power_consumption GROUP BY ALL
  keys:
    app_id: system_mods_power_consumption.app_id
  max_cells: 3
  amounts: {sessions: 10000, power_mw: 1000000}
  values:
    total_power_consumption: [power_mw, sessions]
    total_power: power_mw
  top: {by: total_power, limit: 20}
*/
SELECT
  app_id,
  sum(total_power_mw) / sum(num_rows) AS total_power_consumption,
  rank() OVER (ORDER BY sum(total_power_mw) DESC) AS rnk
FROM system_mods_power_consumption
GROUP BY app_id
QUALIFY rnk <= 20
ORDER BY rnk, app_id
