SELECT * FROM (
  SELECT
    user_id,
    app_id,
    sum(total_power_consumption) AS total_power_consumption,
    rank() OVER (
      PARTITION BY user_id ORDER BY sum(total_power_consumption) DESC
    ) AS rnk
  FROM system_mods_power_consumption
  GROUP BY user_id, app_id
)
WHERE rnk <= 10
