WITH days AS (
  SELECT *, on_time + off_time + mods_time + sleep_time AS total_time
  FROM system_on_off_suspend_time_day
)
SELECT
  c.marketcodename,
  c.cpugen,
  count(DISTINCT d.guid) AS number_of_systems,
  round(avg(on_time), 2) AS avg_on_time,
  round(avg(off_time), 2) AS avg_off_time,
  round(avg(mods_time), 2) AS avg_modern_sleep_time,
  round(avg(sleep_time), 2) AS avg_sleep_time,
  round(avg(total_time), 2) AS avg_total_time,
  round(sum(on_time) * 100 / sum(total_time), 2) AS avg_pcnt_on_time,
  round(sum(off_time) * 100 / sum(total_time), 2) AS avg_pcnt_off_time,
  round(sum(mods_time) * 100 / sum(total_time), 2) AS avg_pcnt_mods_time,
  round(sum(sleep_time) * 100 / sum(total_time), 2) AS avg_pcnt_sleep_time
FROM days d
JOIN system_cpu_metadata c ON d.guid = c.guid
GROUP BY c.marketcodename, c.cpugen
HAVING count(DISTINCT d.guid) > 100
