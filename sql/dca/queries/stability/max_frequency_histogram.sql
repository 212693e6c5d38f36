/*
question: Which top frequency do devices reach?
codename: FrequencyHist
type: histogram
tables: [hw_cpu_frequency]
keys: [max_freq_from_mhz]
values:
  num_devices: {metric: total_variation, threshold: 0.15}
*/
SELECT max_freq_mhz // 500 * 500 AS max_freq_from_mhz, count(*) AS num_devices
FROM hw_cpu_frequency
GROUP BY max_freq_from_mhz
ORDER BY max_freq_from_mhz
