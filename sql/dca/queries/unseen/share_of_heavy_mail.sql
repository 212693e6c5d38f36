/*
question: >-
  What share of the devices that browse spends more than a tenth of that time on
  mail, by persona?
codename: MailShare
type: aggregate
tables: [system_sysinfo_unique_normalized, system_web_cat_pivot_duration]
keys: [persona]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  pct_heavy: {metric: relative_error, threshold: 0.25}
  mean_pct_mail: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
SELECT
  persona,
  count(*) AS num_devices,
  100.0 * count(*) FILTER (WHERE mail > 10) / count(*) AS pct_heavy,
  avg(mail) AS mean_pct_mail
FROM system_sysinfo_unique_normalized
JOIN system_web_cat_pivot_duration USING (guid)
GROUP BY persona
HAVING count(*) >= 50
ORDER BY persona
