/*
question: >-
  How many devices use each two browsers?
codename: TwoBrowse
type: aggregate
tables: [system_web_cat_usage]
keys: [browser, other_browser]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
SELECT
  one.browser,
  other.browser AS other_browser,
  count(*) AS num_devices
FROM system_web_cat_usage AS one
JOIN system_web_cat_usage AS other
  ON one.guid = other.guid AND one.browser < other.browser
GROUP BY one.browser, other.browser
HAVING count(*) >= 50
ORDER BY one.browser, other_browser
