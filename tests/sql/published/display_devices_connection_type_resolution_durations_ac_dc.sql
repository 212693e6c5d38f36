SELECT
  connection_type,
  resolution_heigth || 'x' || resolution_width AS resolution,
  count(DISTINCT guid) AS number_of_systems,
  round(avg(duration_ac), 2) AS average_duration_on_ac_in_seconds,
  round(avg(duration_dc), 2) AS average_duration_on_dc_in_seconds
FROM system_display_devices
WHERE
  connection_type IS NOT NULL AND resolution_heigth != 0 AND resolution_width != 0
GROUP BY connection_type, resolution
HAVING count(DISTINCT guid) > 50
ORDER BY connection_type, number_of_systems DESC
