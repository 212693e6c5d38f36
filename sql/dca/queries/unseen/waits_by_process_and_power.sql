/*
question: >-
  How often does each process keep its users waiting, on mains and on battery?
codename: WaitPower
type: aggregate
tables: [system_userwait]
keys: [proc_name, acdc]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  waits_per_device: {metric: relative_error, threshold: 0.25}
  wait_s: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
SELECT
  proc_name,
  acdc,
  count(DISTINCT guid) AS num_devices,
  sum(num_instances) / num_devices AS waits_per_device,
  sum(num_instances * wait_s_per_instance) / sum(num_instances) AS wait_s
FROM system_userwait
WHERE proc_name <> 'Other' AND acdc IS NOT NULL
GROUP BY proc_name, acdc
HAVING count(DISTINCT guid) >= 50
ORDER BY proc_name, acdc
