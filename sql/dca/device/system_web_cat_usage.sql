/*
role: entity
grain: One row per device and browser.
reads: [system_web_cat_usage]
device: guid
# Browsers that are made.
max_rows: 20
fixed_rows: 3
cap_by: num_rows
unique: [browser]
columns:
  browser: {kind: category, values: browsers, about: browser}
  num_rows:
    {kind: integer, unit: rows, low: 1, high: 20000, bins: 14, scale: log,
    absent: false, about: "rows: days times pairs of web categories", zero: false}
  duration_h:
    {kind: double, unit: h, low: 0.001, high: 10000, bins: 16, scale: log,
    about: time on pages}
*/
SELECT
  guid,
  browser,
  count(*) AS num_rows,
  CAST(sum(duration_ms) AS DOUBLE) / 3600000 AS duration_h
FROM system_web_cat_usage
GROUP BY guid, browser
