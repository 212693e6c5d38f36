SELECT format('0x{:X}', bugcheck_code), count(DISTINCT guid), count(*)
FROM microsoft_windows_kernel_power_event_41
WHERE bugcheck_code <> 0
  AND format('0x{:X}', bugcheck_code) IN (SELECT name FROM listed_bugcheck_codes)
GROUP BY 1
HAVING count(DISTINCT guid) >= 10
ORDER BY 2 DESC, 1
LIMIT 10
