SELECT * FROM (
  SELECT
    app_id,
    avg(total_power_consumption) AS total_power_consumption,
    rank() OVER (ORDER BY sum(total_power_consumption) DESC) AS rnk
  FROM system_mods_power_consumption
  GROUP BY app_id
)
WHERE rnk <= 20
