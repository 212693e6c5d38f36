/*
question: What precedes the unclean restarts of each form factor?
codename: RestartPivot
type: pivot
tables: [system_sysinfo_unique_normalized, microsoft_windows_kernel_power_event_41]
keys: [chassistype]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  pct_power_loss: {metric: relative_error, threshold: 0.25}
  pct_button: {metric: relative_error, threshold: 0.25}
  pct_sleep: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, chassistype, sum(num_restarts) AS restarts, sum(num_restarts)
    FILTER (WHERE bugcheck_code = '0x0') AS losses, sum(num_button_restarts) AS
    buttons, sum(num_sleep_restarts) AS sleeps FROM
    system_sysinfo_unique_normalized JOIN microsoft_windows_kernel_power_event_41
    USING (guid) GROUP BY ALL
  keys:
    chassistype: system_sysinfo_unique_normalized.chassistype
  amounts: {restarts: 10, losses: 10, buttons: 10, sleeps: 10}
  values:
    num_devices: devices
    pct_power_loss: [losses, restarts, 100]
    pct_button: [buttons, restarts, 100]
    pct_sleep: [sleeps, restarts, 100]
  at_least: 20
*/
SELECT
  chassistype,
  count(DISTINCT guid) AS num_devices,
  round(
    100.0 * coalesce(sum(num_restarts) FILTER (WHERE bugcheck_code = '0x0'), 0)
      / sum(num_restarts),
    2
  ) AS pct_power_loss,
  round(100.0 * sum(num_button_restarts) / sum(num_restarts), 2) AS pct_button,
  round(100.0 * sum(num_sleep_restarts) / sum(num_restarts), 2) AS pct_sleep
FROM system_sysinfo_unique_normalized
JOIN microsoft_windows_kernel_power_event_41 USING (guid)
GROUP BY chassistype
HAVING count(DISTINCT guid) >= 20
ORDER BY chassistype
