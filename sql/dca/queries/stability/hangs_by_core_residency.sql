/*
question: Do devices whose cores are busier hang more?
codename: BusyHang
type: aggregate
tables: [power_acdc_usage_v4_hist, application_hang_event_1002]
keys: [load]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  pct_devices_affected: {metric: relative_error, threshold: 0.25}
  hangs_per_device: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, CASE WHEN c0_pct < 25 THEN 'C0 below 25 %' WHEN c0_pct < 50 THEN
    'C0 from 25 to 50 %' WHEN c0_pct < 75 THEN 'C0 from 50 to 75 %' ELSE 'C0 from
    75 %' END AS load, count(num_hangs) > 0 AS affected, sum(num_hangs) AS hangs
    FROM power_acdc_usage_v4_hist LEFT JOIN application_hang_event_1002 USING
    (guid) WHERE c0_pct IS NOT NULL GROUP BY ALL
  keys:
    load: [C0 below 25 %, C0 from 25 to 50 %, C0 from 50 to 75 %, C0 from 75 %]
  amounts: {affected: 1, hangs: 10}
  values:
    num_devices: devices
    pct_devices_affected: [affected, devices, 100]
    hangs_per_device: [hangs, devices]
  at_least: 20
*/
WITH hangs AS (
  SELECT guid, sum(num_hangs) AS num_hangs
  FROM application_hang_event_1002
  GROUP BY guid
)
SELECT
  CASE
    WHEN c0_pct < 25 THEN 'C0 below 25 %'
    WHEN c0_pct < 50 THEN 'C0 from 25 to 50 %'
    WHEN c0_pct < 75 THEN 'C0 from 50 to 75 %'
    ELSE 'C0 from 75 %'
  END AS load,
  count(*) AS num_devices,
  round(100.0 * count(num_hangs) / count(*), 2) AS pct_devices_affected,
  round(coalesce(sum(num_hangs), 0) / count(*), 3) AS hangs_per_device
FROM power_acdc_usage_v4_hist
LEFT JOIN hangs USING (guid)
WHERE c0_pct IS NOT NULL
GROUP BY load
HAVING count(*) >= 20
ORDER BY load
