SELECT
  event_name,
  acdc,
  proc_name,
  round(seconds, 2) AS total_duration_sec_per_instance,
  rank
FROM (
  SELECT
    *, rank() OVER (PARTITION BY event_name, acdc ORDER BY seconds DESC) AS rank
  FROM (
    SELECT
      event_name,
      acdc,
      proc_name,
      sum(total_duration_ms) / 1000 / sum(number_of_instances) AS seconds
    FROM system_userwait
    WHERE
      proc_name NOT IN (
        'DUMMY_PROCESS', 'DESKTOP', 'explorer.exe', 'RESTRICTED PROCESS', 'UNKNOWN'
      )
      AND event_name NOT IN (
        'TOTAL_NON_WAIT_EVENTS', 'TOTAL_DISCARDED_WAIT_EVENTS'
      )
    GROUP BY event_name, acdc, proc_name
  )
)
WHERE rank <= 10
ORDER BY acdc, event_name, rank
