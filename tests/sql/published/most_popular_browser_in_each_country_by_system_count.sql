SELECT country, browser
FROM (
  SELECT
    country,
    browser,
    rank() OVER (PARTITION BY country ORDER BY systems DESC) AS place
  FROM (
    SELECT
      s.countryname_normalized AS country, w.browser, count(DISTINCT s.guid) AS systems
    FROM system_sysinfo_unique_normalized s
    JOIN system_web_cat_usage w ON s.guid = w.guid
    GROUP BY s.countryname_normalized, w.browser
  )
)
WHERE place = 1
