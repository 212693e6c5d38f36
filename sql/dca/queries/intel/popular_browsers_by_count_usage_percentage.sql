/*
question: What shares of devices, of rows and of time has each browser?
codename: BrowserHist
type: histogram
tables: [system_web_cat_usage]
keys: [browser]
values:
  percent_systems: {metric: total_variation, threshold: 0.15}
  percent_instances: {metric: total_variation, threshold: 0.15}
  percent_duration: {metric: total_variation, threshold: 0.15}
contributions:
  select: >-
    SELECT guid, browser, num_rows AS instances, duration_h AS hours FROM
    system_web_cat_usage
  keys:
    browser: system_web_cat_usage.browser
  max_cells: 3
  amounts: {instances: 5000, hours: 1000}
  values:
    percent_systems: {share: devices}
    percent_instances: {share: instances}
    percent_duration: {share: hours}
*/
SELECT
  browser,
  round(
    100 * count(DISTINCT guid)
      / (SELECT count(DISTINCT guid) FROM system_web_cat_usage),
    2
  ) AS percent_systems,
  round(100 * sum(num_rows) / sum(sum(num_rows)) OVER (), 2) AS percent_instances,
  round(100 * sum(duration_h) / sum(sum(duration_h)) OVER (), 2) AS percent_duration
FROM system_web_cat_usage
GROUP BY browser
ORDER BY browser
