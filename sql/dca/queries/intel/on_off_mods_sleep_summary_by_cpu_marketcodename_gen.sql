/*
question: >-
  How do devices of each processor generation split a day between on, off, modern
  standby and sleep?
codename: SleepPivot
type: pivot
tables: [system_on_off_suspend_time_day, system_cpu_metadata]
keys: [marketcodename, cpugen]
values:
  number_of_systems: {metric: relative_error, threshold: 0.25}
  avg_on_time: {metric: relative_error, threshold: 0.25}
  avg_off_time: {metric: relative_error, threshold: 0.25}
  avg_modern_sleep_time: {metric: relative_error, threshold: 0.25}
  avg_sleep_time: {metric: relative_error, threshold: 0.25}
  avg_total_time: {metric: relative_error, threshold: 0.25}
  avg_pcnt_on_time: {metric: relative_error, threshold: 0.25}
  avg_pcnt_off_time: {metric: relative_error, threshold: 0.25}
  avg_pcnt_mods_time: {metric: relative_error, threshold: 0.25}
  avg_pcnt_sleep_time: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, nullif(split_part(processor, '|', 1), '') AS marketcodename,
    nullif(split_part(processor, '|', 2), '') AS cpugen, least(num_days, 60) AS
    days, least(num_days, 60) * on_s AS on_time, least(num_days, 60) * off_s AS
    off_time, least(num_days, 60) * mods_s AS mods_time, least(num_days, 60) *
    sleep_s AS sleep_time, least(num_days, 60) * (on_s + off_s + mods_s + sleep_s)
    AS total FROM system_on_off_suspend_time_day JOIN system_cpu_metadata USING
    (guid) WHERE processor <> 'Other|Other'
  keys:
    marketcodename: private
    cpugen: private
  amounts:
    days: 60
    on_time: 5184000
    off_time: 5184000
    mods_time: 5184000
    sleep_time: 5184000
    total: 5184000
  values:
    number_of_systems: devices
    avg_on_time: [on_time, days]
    avg_off_time: [off_time, days]
    avg_modern_sleep_time: [mods_time, days]
    avg_sleep_time: [sleep_time, days]
    avg_total_time: [total, days]
    avg_pcnt_on_time: [on_time, total, 100]
    avg_pcnt_off_time: [off_time, total, 100]
    avg_pcnt_mods_time: [mods_time, total, 100]
    avg_pcnt_sleep_time: [sleep_time, total, 100]
  at_least: 101
*/
WITH totals AS (
  SELECT
    processor,
    count(*) AS number_of_systems,
    sum(num_days) AS num_days,
    sum(num_days * on_s) AS on_s,
    sum(num_days * off_s) AS off_s,
    sum(num_days * mods_s) AS mods_s,
    sum(num_days * sleep_s) AS sleep_s,
    sum(num_days * (on_s + off_s + mods_s + sleep_s)) AS total_s
  FROM system_on_off_suspend_time_day
  JOIN system_cpu_metadata USING (guid)
  WHERE processor <> 'Other|Other'
  GROUP BY processor
  HAVING count(*) > 100
)
SELECT
  nullif(split_part(processor, '|', 1), '') AS marketcodename,
  nullif(split_part(processor, '|', 2), '') AS cpugen,
  number_of_systems,
  round(on_s / num_days, 2) AS avg_on_time,
  round(off_s / num_days, 2) AS avg_off_time,
  round(mods_s / num_days, 2) AS avg_modern_sleep_time,
  round(sleep_s / num_days, 2) AS avg_sleep_time,
  round(total_s / num_days, 2) AS avg_total_time,
  round(100 * on_s / total_s, 2) AS avg_pcnt_on_time,
  round(100 * off_s / total_s, 2) AS avg_pcnt_off_time,
  round(100 * mods_s / total_s, 2) AS avg_pcnt_mods_time,
  round(100 * sleep_s / total_s, 2) AS avg_pcnt_sleep_time
FROM totals
ORDER BY marketcodename, cpugen
