/*
about: One row per device, day and application in the foreground.
role: event
device: guid
time: date
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
# Published are these names; their types are inferred from descriptions.
assumed: [date, app_type, exe_name, company_short, totalsecfocal_day, avg_fract_desktop,
  process_desc, lines_per_day]
*/
CREATE TABLE __tmp_fgnd_apps_date (
  guid VARCHAR,
  date DATE,
  app_type VARCHAR,
  exe_name VARCHAR,
  company_short VARCHAR,
  totalsecfocal_day DOUBLE,
  avg_fract_desktop DOUBLE,
  process_desc VARCHAR,
  lines_per_day INTEGER
)
