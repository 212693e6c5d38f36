SELECT
  coalesce(l.name, 'Other'),
  count(DISTINCT k.guid),
  round(
    100.0 * count(*) / (SELECT count(*) FROM microsoft_windows_kernel_power_event_41), 2
  )
FROM microsoft_windows_kernel_power_event_41 k
LEFT JOIN listed_bugcheck_codes l ON l.name = format('0x{:X}', k.bugcheck_code)
GROUP BY 1
