/*
question: For which ten processes do users wait longest?
codename: WaitRank
type: topk
tables: [system_userwait]
keys: [proc_name]
# No least number of devices: one decides. Sums are whole milliseconds again before they
# are ranked, so that ties stay ties.
values:
  total_duration_sec_per_instance: {metric: spearman, threshold: 0.5}
contributions:
  select: >-
    SELECT guid, proc_name, least(sum(num_instances), 500) AS instances,
    least(sum(num_instances), 500) * sum(num_instances * wait_s_per_instance) /
    sum(num_instances) AS wait_s FROM system_userwait WHERE proc_name <> 'Other'
    AND event_name NOT IN ('TOTAL_DISCARDED_WAIT_EVENTS', 'TOTAL_NON_WAIT_EVENTS')
    GROUP BY ALL
  keys:
    proc_name: system_userwait.proc_name
  max_cells: 5
  amounts: {instances: 500, wait_s: 50000}
  values:
    total_duration_sec_per_instance: [wait_s, instances]
  top: {by: total_duration_sec_per_instance, limit: 10}
*/
SELECT
  proc_name,
  round(sum(num_instances * wait_s_per_instance), 3) / sum(num_instances)
    AS total_duration_sec_per_instance,
  rank() OVER (ORDER BY total_duration_sec_per_instance DESC) AS rank
FROM system_userwait
WHERE
  proc_name <> 'Other'
  AND event_name NOT IN ('TOTAL_DISCARDED_WAIT_EVENTS', 'TOTAL_NON_WAIT_EVENTS')
GROUP BY proc_name
QUALIFY rank <= 10
ORDER BY rank, proc_name
