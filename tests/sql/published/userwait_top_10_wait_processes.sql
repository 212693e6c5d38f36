SELECT proc_name, total_duration_sec_per_instance, rank
FROM (
  SELECT
    proc_name,
    total_duration_sec_per_instance,
    rank() OVER (ORDER BY total_duration_sec_per_instance DESC) AS rank
  FROM (
    SELECT
      proc_name,
      sum(total_duration_ms) / 1000 / sum(number_of_instances)
        AS total_duration_sec_per_instance
    FROM system_userwait
    WHERE
      proc_name NOT IN (
        'DUMMY_PROCESS', 'DESKTOP', 'explorer.exe', 'RESTRICTED PROCESS', 'UNKNOWN'
      )
      AND event_name NOT IN (
        'TOTAL_NON_WAIT_EVENTS', 'TOTAL_DISCARDED_WAIT_EVENTS'
      )
    GROUP BY proc_name
  )
)
WHERE rank <= 10
ORDER BY rank
