SELECT
  o.os_name,
  o.os_codename,
  b.blocker_name,
  b.blocker_type,
  b.activity_level,
  count(DISTINCT o.guid) AS number_of_clients,
  avg(b.active_time_ms) / 1000 AS average_active_time_in_seconds,
  count(*) AS number_of_occurences
FROM system_mods_top_blocker_hist b, system_os_codename_history o
WHERE
  b.guid = o.guid AND b.dt >= o.min_ts AND b.dt <= o.max_ts AND b.active_time_ms > 0
GROUP BY o.os_name, o.os_codename, b.blocker_name, b.blocker_type, b.activity_level
