/*
role: group
grain: >-
  One row per device on which the crash-log extractor ran. Its exit code is read as 0
  for nothing found, 1 for a crash log extracted, all else for a failure; no public
  source lists the codes.
reads: [crashlog]
device: guid
constraints:
  - at_most: [num_days, num_runs]
  - at_most: [num_found_runs, num_runs]
  - at_most: [num_failed_runs, num_runs]
columns:
  num_runs:
    {kind: integer, unit: runs, low: 1, high: 1500, bins: 14, scale: log, absent: false,
    about: runs of the extractor, zero: false}
  num_days:
    {kind: integer, unit: days, low: 1, high: 1500, bins: 14, scale: log, absent: false,
    about: days with a run}
  num_found_runs:
    {kind: integer, unit: runs, low: 1, high: 1000, bins: 12, scale: log, absent: false,
    about: runs that extracted a crash log}
  num_failed_runs:
    {kind: integer, unit: runs, low: 1, high: 1000, bins: 12, scale: log, absent: false,
    about: runs that could not look for one}
*/
SELECT
  guid,
  count(*) AS num_runs,
  count(DISTINCT dt) AS num_days,
  count(*) FILTER (WHERE exit_code = 1) AS num_found_runs,
  count(*) FILTER (WHERE exit_code NOT IN (0, 1)) AS num_failed_runs
FROM crashlog
WHERE guid IS NOT NULL
GROUP BY guid
