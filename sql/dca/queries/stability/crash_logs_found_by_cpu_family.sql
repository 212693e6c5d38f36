/*
question: On which processor families does the crash-log extractor find logs, or fail?
codename: CrashlogCpu
type: aggregate
tables: [system_sysinfo_unique_normalized, crashlog]
keys: [cpu_family]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  runs_per_day: {metric: relative_error, threshold: 0.25}
  pct_runs_found: {metric: relative_error, threshold: 0.25}
  pct_runs_failed: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, cpu_family, num_runs AS runs, num_days AS days, num_found_runs AS
    found, num_failed_runs AS failed FROM system_sysinfo_unique_normalized JOIN
    crashlog USING (guid)
  keys:
    cpu_family: system_sysinfo_unique_normalized.cpu_family
  amounts: {runs: 100, days: 60, found: 10, failed: 20}
  values:
    num_devices: devices
    runs_per_day: [runs, days]
    pct_runs_found: [found, runs, 100]
    pct_runs_failed: [failed, runs, 100]
  at_least: 20
*/
SELECT
  cpu_family,
  count(*) AS num_devices,
  round(sum(num_runs) / sum(num_days), 3) AS runs_per_day,
  round(100.0 * sum(num_found_runs) / sum(num_runs), 2) AS pct_runs_found,
  round(100.0 * sum(num_failed_runs) / sum(num_runs), 2) AS pct_runs_failed
FROM system_sysinfo_unique_normalized
JOIN crashlog USING (guid)
GROUP BY cpu_family
HAVING count(*) >= 20
ORDER BY cpu_family
