/*
role: entity
grain: >-
  One row per device and kind of Wi-Fi error; unlisted and missing texts are pooled as
  Other. Rows without a positive count are no errors.
reads: [wifi_error]
device: guid
# Windows documents some 300 reasons of wireless errors.
max_rows: 500
fixed_rows: 6
cap_by: num_errors
unique: [error_string]
constraints:
  - at_most: [num_days, num_errors]
columns:
  # The statement pools what is not listed, so there is no more to learn.
  error_string:
    {kind: category, values: wifi_errors, other: Other, learnt: false, absent: false,
    about: error}
  num_errors:
    {kind: integer, unit: errors, low: 1, high: 100000, bins: 14, scale: log,
    absent: false, about: occurrences, zero: false}
  num_days:
    {kind: integer, unit: days, low: 1, high: 700, bins: 12, scale: log, absent: false,
    about: days with an occurrence}
*/
SELECT
  guid,
  CASE
    WHEN error_string IN (
      'The specific network is not available.',
      'The driver disconnected while associating.', 'The operation was cancelled.',
      'Association timeout.', 'Network security failure.', 'Security timeout.',
      'Dynamic key exchange did not succeed within configured time.',
      'Explicit Eap failure received.', 'The pre-shared key is incorrect.',
      'Driver disconnected.', 'Roaming failure.', 'Roaming security failure.',
      'User requested a disconnect.', 'The wireless radio is off.',
      'The network is blocked.'
    ) THEN error_string
    ELSE 'Other'
  END AS error_string,
  CAST(sum(error_count) AS BIGINT) AS num_errors,
  count(DISTINCT dt) AS num_days
FROM wifi_error
WHERE guid IS NOT NULL AND error_count > 0
GROUP BY ALL
