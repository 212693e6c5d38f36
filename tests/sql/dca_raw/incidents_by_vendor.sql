WITH flags AS (
  SELECT
    coalesce(modelvendor_normalized, 'Unknown') AS vendor,
    CAST(guid IN (SELECT guid FROM application_error_event_1000) AS INTEGER) AS crash,
    CAST(guid IN (SELECT guid FROM application_hang_event_1002) AS INTEGER) AS hang,
    CAST(
      guid IN (SELECT guid FROM microsoft_windows_kernel_power_event_41) AS INTEGER
    ) AS restart,
    CAST(guid IN (SELECT guid FROM wifi_error WHERE error_count > 0) AS INTEGER) AS wifi
  FROM system_sysinfo_unique_normalized
)
SELECT
  vendor,
  count(*),
  round(100 * avg(crash), 2),
  round(100 * avg(hang), 2),
  round(100 * avg(restart), 2),
  round(100 * avg(wifi), 2)
FROM flags
GROUP BY vendor
HAVING count(*) >= 100
