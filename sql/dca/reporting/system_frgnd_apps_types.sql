/*
grain: >-
  One row per device, day and application, as in the raw table; without rows that lack a
  time in focus or a number of focus events, or have a negative one.
reads: [__tmp_fgnd_apps_date]
device: guid
columns:
  guid: device id, 32 hex characters
  date: local date
  app_type: kind of application, 15 values; may be missing
  exe_name: executable, lower case
  company_short: its maker
  totalsecfocal_day: time in focus, s
  avg_fract_desktop: mean share of the desktop that it covers, 0 to 1
  process_desc: description of the executable
  lines_per_day: focus events
*/
SELECT
  guid,
  date,
  app_type,
  exe_name,
  company_short,
  totalsecfocal_day,
  avg_fract_desktop,
  process_desc,
  lines_per_day
FROM __tmp_fgnd_apps_date
WHERE
  guid IS NOT NULL
  AND isfinite(totalsecfocal_day)
  AND totalsecfocal_day >= 0
  AND lines_per_day >= 0
