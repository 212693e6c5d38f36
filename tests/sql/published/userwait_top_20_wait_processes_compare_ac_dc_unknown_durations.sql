WITH averages AS (
  SELECT
    proc_name, sum(total_duration_ms) / 1000 / sum(number_of_instances) AS seconds
  FROM system_userwait
  WHERE
    proc_name NOT IN (
      'DUMMY_PROCESS', 'DESKTOP', 'explorer.exe', 'RESTRICTED PROCESS', 'UNKNOWN'
    )
    AND event_name NOT IN ('TOTAL_NON_WAIT_EVENTS', 'TOTAL_DISCARDED_WAIT_EVENTS')
  GROUP BY proc_name
  HAVING sum(number_of_instances) > 50 AND count(DISTINCT guid) > 20
),
ranked AS (SELECT proc_name, rank() OVER (ORDER BY seconds DESC) AS rank FROM averages),
states AS (
  SELECT
    u.proc_name,
    u.acdc,
    round(sum(u.total_duration_ms / 1000) / sum(u.number_of_instances), 2) AS duration
  FROM system_userwait u
  JOIN ranked r ON u.proc_name = r.proc_name
  WHERE r.rank <= 20
  GROUP BY u.proc_name, u.acdc
)
SELECT
  proc_name,
  sum(CASE WHEN acdc = 'AC' THEN duration ELSE 0 END) AS ac_duration,
  sum(CASE WHEN acdc = 'DC' THEN duration ELSE 0 END) AS dc_duration,
  sum(CASE WHEN acdc = 'UN' THEN duration ELSE 0 END) AS unknown_duration
FROM states
GROUP BY proc_name
