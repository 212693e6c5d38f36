/*
role: entity
grain: >-
  One row per device and stop code of its unclean restarts; unlisted and missing codes
  are pooled as Other.
reads: [microsoft_windows_kernel_power_event_41]
device: guid
# Microsoft documents some 400 stop codes.
max_rows: 500
fixed_rows: 4
cap_by: num_restarts
unique: [bugcheck_code]
constraints:
  - at_most: [num_button_restarts, num_restarts]
  - at_most: [num_sleep_restarts, num_restarts]
columns:
  # The statement pools what is not listed, so there is no more to learn.
  bugcheck_code:
    {kind: category, values: bugcheck_codes, other: Other, learnt: false, absent: false,
    about: stop code}
  num_restarts:
    {kind: integer, unit: restarts, low: 1, high: 500, bins: 12, scale: log,
    absent: false, about: unclean restarts, zero: false}
  num_button_restarts:
    {kind: integer, unit: restarts, low: 1, high: 200, bins: 8, scale: log,
    absent: false, about: of these after a long press of the power button}
  num_sleep_restarts:
    {kind: integer, unit: restarts, low: 1, high: 200, bins: 8, scale: log,
    absent: false, about: of these during a sleep transition}
*/
SELECT
  guid,
  CASE
    WHEN printf('0x%X', bugcheck_code) IN (
      '0x0', '0xA', '0x1A', '0x1E', '0x3B', '0x50', '0x7A', '0x7E', '0x7F', '0x9C',
      '0x9F', '0xA0', '0xC2', '0xD1', '0xEF', '0x101', '0x109', '0x116', '0x119',
      '0x124', '0x133', '0x139', '0x154'
    ) THEN printf('0x%X', bugcheck_code)
    ELSE 'Other'
  END AS bugcheck_code,
  count(*) AS num_restarts,
  count(*) FILTER (WHERE power_button_timestamp > 0) AS num_button_restarts,
  count(*) FILTER (WHERE sleep_in_progress > 0) AS num_sleep_restarts
FROM microsoft_windows_kernel_power_event_41
WHERE guid IS NOT NULL
GROUP BY ALL
