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
