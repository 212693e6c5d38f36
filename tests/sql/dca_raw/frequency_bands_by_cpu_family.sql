SELECT
  coalesce(s.cpu_family, 'Other'),
  count(DISTINCT f.guid),
  round(100 * sum(CASE WHEN ia_freq_mhz < 1000 THEN nrs ELSE 0 END) / sum(nrs), 2),
  round(
    100 * sum(CASE WHEN ia_freq_mhz BETWEEN 1000 AND 2999 THEN nrs ELSE 0 END) / sum(nrs),
    2
  ),
  round(100 * sum(CASE WHEN ia_freq_mhz > 2999 THEN nrs ELSE 0 END) / sum(nrs), 2)
FROM good_frequencies f
JOIN system_sysinfo_unique_normalized s ON s.guid = f.guid
GROUP BY 1
HAVING count(DISTINCT f.guid) >= 20
