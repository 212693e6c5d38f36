SELECT
  s.countryname_normalized,
  count(DISTINCT s.guid) AS number_of_systems,
  sum(p.nrs * p.mean) / sum(p.nrs) AS avg_pkg_power_consumed
FROM system_sysinfo_unique_normalized s
JOIN system_hw_pkg_power p ON s.guid = p.guid
GROUP BY s.countryname_normalized
ORDER BY avg_pkg_power_consumed DESC
