/*
question: >-
  How do waits for the twenty processes with the longest ones differ by power state?
codename: WaitStateRank
type: topk
tables: [system_userwait]
keys: [proc_name]
# The durations are over all events, the summary rows too, as in the study.
values:
  ac_duration: {metric: spearman, threshold: 0.5}
  dc_duration: {metric: spearman, threshold: 0.5}
  unknown_duration: {metric: spearman, threshold: 0.5}
devices: >-
  SELECT guid, proc_name FROM system_userwait WHERE proc_name <> 'Other'
contributions:
  select: >-
    SELECT guid, proc_name, least(coalesce(sum(num_instances) FILTER (WHERE acdc =
    'AC'), 0), 500) AS ac, ac * coalesce(sum(num_instances * wait_s_per_instance)
    FILTER (WHERE acdc = 'AC') / sum(num_instances) FILTER (WHERE acdc = 'AC'), 0)
    AS ac_wait_s, least(coalesce(sum(num_instances) FILTER (WHERE acdc = 'DC'), 0),
    500) AS dc, dc * coalesce(sum(num_instances * wait_s_per_instance) FILTER (WHERE
    acdc = 'DC') / sum(num_instances) FILTER (WHERE acdc = 'DC'), 0) AS dc_wait_s,
    least(coalesce(sum(num_instances) FILTER (WHERE acdc = 'UN'), 0), 500) AS un, un
    * coalesce(sum(num_instances * wait_s_per_instance) FILTER (WHERE acdc = 'UN') /
    sum(num_instances) FILTER (WHERE acdc = 'UN'), 0) AS un_wait_s,
    least(coalesce(sum(num_instances) FILTER (WHERE event_name NOT IN
    ('TOTAL_DISCARDED_WAIT_EVENTS', 'TOTAL_NON_WAIT_EVENTS')), 0), 500) AS waits,
    waits * coalesce(sum(num_instances * wait_s_per_instance) FILTER (WHERE
    event_name NOT IN ('TOTAL_DISCARDED_WAIT_EVENTS', 'TOTAL_NON_WAIT_EVENTS')) /
    sum(num_instances) FILTER (WHERE event_name NOT IN
    ('TOTAL_DISCARDED_WAIT_EVENTS', 'TOTAL_NON_WAIT_EVENTS')), 0) AS wait_s FROM
    system_userwait WHERE proc_name <> 'Other' GROUP BY ALL
  keys:
    proc_name: system_userwait.proc_name
  max_cells: 5
  amounts:
    ac: 500
    ac_wait_s: 50000
    dc: 500
    dc_wait_s: 50000
    un: 500
    un_wait_s: 50000
    waits: 500
    wait_s: 50000
  values:
    ac_duration: [ac_wait_s, ac]
    dc_duration: [dc_wait_s, dc]
    unknown_duration: [un_wait_s, un]
    wait_s_per_instance: [wait_s, waits]
  at_least: 21
  top: {by: wait_s_per_instance, limit: 20}
*/
WITH averages AS (
  SELECT
    proc_name,
    round(sum(num_instances * wait_s_per_instance), 3) / sum(num_instances) AS wait_s
  FROM system_userwait
  WHERE
    proc_name <> 'Other'
    AND event_name NOT IN ('TOTAL_DISCARDED_WAIT_EVENTS', 'TOTAL_NON_WAIT_EVENTS')
  GROUP BY proc_name
  HAVING sum(num_instances) > 50 AND count(DISTINCT guid) > 20
),
top AS (
  SELECT proc_name
  FROM averages
  QUALIFY rank() OVER (ORDER BY wait_s DESC) <= 20
),
durations AS (
  SELECT
    proc_name,
    acdc,
    round(sum(num_instances * wait_s_per_instance) / sum(num_instances), 2) AS wait_s
  FROM system_userwait
  JOIN top USING (proc_name)
  GROUP BY proc_name, acdc
)
SELECT
  proc_name,
  coalesce(max(wait_s) FILTER (WHERE acdc = 'AC'), 0) AS ac_duration,
  coalesce(max(wait_s) FILTER (WHERE acdc = 'DC'), 0) AS dc_duration,
  coalesce(max(wait_s) FILTER (WHERE acdc = 'UN'), 0) AS unknown_duration
FROM durations
GROUP BY proc_name
ORDER BY proc_name
