/*
question: Which browser is used on the most devices of each country?
codename: BrowserRank
type: topk
tables: [system_sysinfo_unique_normalized, system_web_cat_usage]
keys: [country]
# Browsers that tie are all given; the study's scorer takes the last of them.
values:
  browser: {metric: agreement, threshold: 0.5}
*/
SELECT countryname_normalized AS country, browser
FROM system_sysinfo_unique_normalized
JOIN system_web_cat_usage USING (guid)
GROUP BY country, browser
QUALIFY rank() OVER (PARTITION BY country ORDER BY count(DISTINCT guid) DESC) = 1
ORDER BY country, browser
