/*
question: Which browser is used on the most devices of each country?
codename: BrowserRank
type: topk
tables: [system_sysinfo_unique_normalized, system_web_cat_usage]
keys: [country]
# Browsers that tie are all given; the study's scorer takes the last of them.
values:
  browser: {metric: agreement, threshold: 0.5}
contributions:
  select: >-
    SELECT guid, countryname_normalized AS country, browser FROM
    system_sysinfo_unique_normalized JOIN system_web_cat_usage USING (guid)
  keys:
    country: system_sysinfo_unique_normalized.countryname_normalized
    browser: system_web_cat_usage.browser
  max_cells: 3
  values:
    number_of_systems: devices
  top: {by: number_of_systems, limit: 1, within: [country]}
*/
SELECT countryname_normalized AS country, browser
FROM system_sysinfo_unique_normalized
JOIN system_web_cat_usage USING (guid)
GROUP BY country, browser
QUALIFY rank() OVER (PARTITION BY country ORDER BY count(DISTINCT guid) DESC) = 1
ORDER BY country, browser
