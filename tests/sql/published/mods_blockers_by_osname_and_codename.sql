SELECT
  o.os_name,
  o.os_codename,
  count(*) AS num_entries,
  count(DISTINCT o.guid) AS number_of_systems,
  count(*) / count(DISTINCT o.guid) AS entries_per_system
FROM system_mods_top_blocker_hist b, system_os_codename_history o
WHERE b.guid = o.guid AND b.dt >= o.min_ts AND b.dt <= o.max_ts
GROUP BY o.os_name, o.os_codename
HAVING count(DISTINCT o.guid) > 10
