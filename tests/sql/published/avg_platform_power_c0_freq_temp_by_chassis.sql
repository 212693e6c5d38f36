SELECT
  a.chassistype,
  count(DISTINCT a.guid) AS number_of_systems,
  sum(b.nrs * b.avg_psys_rap_watts) / sum(b.nrs) AS avg_psys_rap_watts,
  sum(c.nrs * c.avg_pkg_c0) / sum(c.nrs) AS avg_pkg_c0,
  sum(d.nrs * d.avg_avg_freq_mhz) / sum(d.nrs) AS avg_freq_mhz,
  sum(e.nrs * e.avg_temp_centigrade) / sum(e.nrs) AS avg_temp_centigrade
FROM system_sysinfo_unique_normalized a
JOIN system_psys_rap_watts b ON a.guid = b.guid
JOIN system_pkg_C0 c ON a.guid = c.guid
JOIN system_pkg_avg_freq_mhz d ON a.guid = d.guid
JOIN system_pkg_temp_centigrade e ON a.guid = e.guid
GROUP BY a.chassistype
