SELECT app_type, exe_name, round(value) AS average_focal_sec_per_day, rank
FROM (
  SELECT
    *, rank() OVER (PARTITION BY app_type ORDER BY value DESC) AS rank
  FROM (
    SELECT app_type, exe_name, avg(totalsecfocal_day) AS value
    FROM system_frgnd_apps_types
    WHERE exe_name NOT IN ('restricted process', 'desktop') AND app_type IS NOT NULL
    GROUP BY app_type, exe_name
  )
)
WHERE rank <= 10
ORDER BY app_type, rank
