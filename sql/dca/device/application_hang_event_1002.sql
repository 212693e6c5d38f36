/*
role: entity
grain: >-
  One row per device and application that hung; unlisted and missing names are pooled as
  Other. A missing or negative length of a hang adds no time.
reads: [application_hang_event_1002]
device: guid
# Programs that a device has.
max_rows: 1000
fixed_rows: 4
cap_by: num_hangs
unique: [app_name]
columns:
  # The statement pools what is not listed, so there is no more to learn.
  app_name:
    {kind: category, values: applications, other: Other, learnt: false, absent: false,
    about: program}
  num_hangs:
    {kind: integer, unit: hangs, low: 1, high: 500, bins: 12, scale: log, absent: false,
    about: hangs, zero: false}
  hang_s:
    {kind: double, unit: s, low: 0.1, high: 30000, bins: 14, scale: log, absent: false,
    about: total length of the hangs at termination}
*/
SELECT
  guid,
  CASE
    WHEN lower(app_name) IN (
      'explorer.exe', 'chrome.exe', 'msedge.exe', 'firefox.exe', 'iexplore.exe',
      'outlook.exe', 'teams.exe', 'zoom.exe', 'discord.exe', 'excel.exe',
      'winword.exe', 'powerpnt.exe', 'acrord32.exe', 'photoshop.exe', 'steam.exe',
      'steamwebhelper.exe', 'searchapp.exe', 'league of legends.exe',
      'shellexperiencehost.exe', 'svchost.exe', 'skype.exe', 'onedrive.exe',
      'javaw.exe'
    ) THEN lower(app_name)
    ELSE 'Other'
  END AS app_name,
  count(*) AS num_hangs,
  coalesce(
    CAST(sum(termination_time_ms) FILTER (WHERE termination_time_ms > 0) AS DOUBLE), 0
  ) / 1000 AS hang_s
FROM application_hang_event_1002
WHERE guid IS NOT NULL
GROUP BY ALL
