/*
role: group
grain: One row a device on which the crash-log extractor ran.
reads: [crashlog]
device: guid
columns:
  num_runs:
    {kind: integer, unit: runs, low: 1, high: 1500, bins: 14, scale: log,
    about: runs of the extractor, zero: false}
  num_days:
    {kind: integer, unit: days, low: 1, high: 1500, bins: 14, scale: log,
    about: days with a run}
  num_found_runs:
    {kind: integer, unit: runs, low: 1, high: 1000, bins: 12, scale: log,
    about: runs that end with an exit code other than 0}
*/
SELECT
  guid,
  count(*) AS num_runs,
  count(DISTINCT dt) AS num_days,
  count(*) FILTER (WHERE exit_code <> 0) AS num_found_runs
FROM crashlog
WHERE guid IS NOT NULL
GROUP BY guid
