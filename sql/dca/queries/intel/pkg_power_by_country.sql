/*
question: How much power do processors' cores take in each country?
codename: PowerGeo
type: geographic
tables: [system_sysinfo_unique_normalized, system_hw_pkg_power]
keys: [countryname_normalized]
values:
  number_of_systems: {metric: relative_error, threshold: 0.25}
  avg_pkg_power_consumed: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, countryname_normalized, least(nrs, 50000) AS samples, least(nrs,
    50000) * mean_power_w AS watts FROM system_sysinfo_unique_normalized JOIN
    system_hw_pkg_power USING (guid)
  keys:
    countryname_normalized: system_sysinfo_unique_normalized.countryname_normalized
  amounts: {samples: 50000, watts: 1500000}
  values:
    number_of_systems: devices
    avg_pkg_power_consumed: [watts, samples]
*/
SELECT
  countryname_normalized,
  count(*) AS number_of_systems,
  sum(nrs * mean_power_w) / sum(nrs) AS avg_pkg_power_consumed
FROM system_sysinfo_unique_normalized
JOIN system_hw_pkg_power USING (guid)
GROUP BY countryname_normalized
ORDER BY avg_pkg_power_consumed DESC, countryname_normalized
