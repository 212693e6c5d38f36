WITH total AS (SELECT count(DISTINCT guid) AS systems FROM system_display_devices),
vendors AS (
  SELECT vendor_name, count(DISTINCT guid) AS number_of_systems
  FROM system_display_devices
  GROUP BY vendor_name
)
SELECT
  vendor_name,
  number_of_systems,
  systems AS total_number_of_systems,
  round(number_of_systems * 100.0 / systems, 2) AS percentage_of_systems
FROM vendors, total
