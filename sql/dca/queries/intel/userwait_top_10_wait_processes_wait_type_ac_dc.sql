/*
question: >-
  For which ten processes do users wait longest, by kind of wait and power state?
codename: WaitModeRank
type: topk
tables: [system_userwait]
keys: [acdc, event_name, proc_name]
within: [acdc, event_name]
# No least number of devices: one decides. Sums are whole milliseconds again before they
# are ranked, so that ties stay ties.
# A blank power state is missing; the study's scorer matches its group for free.
values:
  total_duration_sec_per_instance: {metric: spearman, threshold: 0.5}
devices: >-
  SELECT guid, acdc, event_name, proc_name FROM system_userwait
contributions:
  select: >-
    SELECT guid, acdc, event_name, proc_name, least(num_instances, 500) AS
    instances, least(num_instances, 500) * wait_s_per_instance AS wait_s FROM
    system_userwait WHERE proc_name <> 'Other' AND event_name NOT IN
    ('TOTAL_DISCARDED_WAIT_EVENTS', 'TOTAL_NON_WAIT_EVENTS')
  keys:
    acdc: system_userwait.acdc
    event_name: system_userwait.event_name
    proc_name: system_userwait.proc_name
  max_cells: 5
  amounts: {instances: 500, wait_s: 50000}
  values:
    total_duration_sec_per_instance: [wait_s, instances]
  top: {by: total_duration_sec_per_instance, limit: 10, within: [acdc, event_name]}
*/
WITH averages AS (
  SELECT
    event_name,
    acdc,
    proc_name,
    round(sum(num_instances * wait_s_per_instance), 3) / sum(num_instances) AS wait_s
  FROM system_userwait
  WHERE
    proc_name <> 'Other'
    AND event_name NOT IN ('TOTAL_DISCARDED_WAIT_EVENTS', 'TOTAL_NON_WAIT_EVENTS')
  GROUP BY event_name, acdc, proc_name
)
SELECT
  event_name,
  acdc,
  proc_name,
  round(wait_s, 2) AS total_duration_sec_per_instance,
  rank() OVER (PARTITION BY event_name, acdc ORDER BY wait_s DESC) AS rank
FROM averages
QUALIFY rank <= 10
ORDER BY acdc, event_name, rank, proc_name
