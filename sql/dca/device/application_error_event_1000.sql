/*
role: entity
grain: >-
  One row per device and application that crashed; unlisted and missing names are pooled
  as Other.
reads: [application_error_event_1000]
device: guid
# Programs that a device has.
max_rows: 1000
fixed_rows: 8
cap_by: num_errors
unique: [app_name]
constraints:
  - at_most: [num_days, num_errors]
columns:
  # The statement pools what is not listed, so there is no more to learn.
  app_name:
    {kind: category, values: applications, other: Other, learnt: false, absent: false,
    about: executable}
  num_errors:
    {kind: integer, unit: crashes, low: 1, high: 2000, bins: 13, scale: log,
    absent: false, about: crashes, zero: false}
  num_days:
    {kind: integer, unit: days, low: 1, high: 700, bins: 12, scale: log, absent: false,
    about: days with a crash}
  exception_code:
    kind: category
    absent: false
    values: exception_codes
    other: Other
    learnt: false
    about: most frequent exception; of equal ones the last in the alphabet
*/
SELECT
  guid,
  app_name,
  CAST(sum(num_errors) AS BIGINT) AS num_errors,
  CAST(len(list_distinct(flatten(list(days)))) AS BIGINT) AS num_days,
  arg_max(exception_code, (num_errors, exception_code)) AS exception_code
FROM (
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
    CASE
      WHEN lower(exception_code) IN (
        'c0000005', 'c0000409', 'e0434352', 'c0000374', '80000003', 'c000041d',
        'c000027b', 'e06d7363', 'c0000006', 'c00000fd', 'c06d007e', '40000015',
        'c0000094'
      ) THEN lower(exception_code)
      ELSE 'Other'
    END AS exception_code,
    count(*) AS num_errors,
    list(DISTINCT dt) AS days
  FROM application_error_event_1000
  WHERE guid IS NOT NULL
  GROUP BY ALL
)
GROUP BY guid, app_name
