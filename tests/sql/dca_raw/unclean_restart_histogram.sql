SELECT
  CASE
    WHEN n > 10 THEN '11 and more'
    WHEN n > 5 THEN '6 to 10'
    WHEN n > 2 THEN '3 to 5'
    ELSE CAST(n AS VARCHAR)
  END,
  count(*)
FROM (
  SELECT s.guid, count(k.guid) AS n
  FROM system_sysinfo_unique_normalized s
  LEFT JOIN microsoft_windows_kernel_power_event_41 k ON k.guid = s.guid
  GROUP BY s.guid
)
GROUP BY 1
