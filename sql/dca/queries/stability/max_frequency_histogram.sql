/*
question: Which top frequency do devices reach?
codename: FrequencyHist
type: histogram
tables: [hw_cpu_frequency]
keys: [max_freq_from_mhz]
values:
  num_devices: {metric: total_variation, threshold: 0.15}
contributions:
  select: >-
    SELECT guid, max_freq_mhz // 500 * 500 AS max_freq_from_mhz FROM
    hw_cpu_frequency
  keys:
    max_freq_from_mhz:
      [0, 500, 1000, 1500, 2000, 2500, 3000, 3500, 4000, 4500, 5000, 5500, 6000]
  values:
    num_devices: devices
*/
SELECT max_freq_mhz // 500 * 500 AS max_freq_from_mhz, count(*) AS num_devices
FROM hw_cpu_frequency
GROUP BY max_freq_from_mhz
ORDER BY max_freq_from_mhz
