SELECT 'all' AS devices, count(*) AS num_devices, avg(mean_freq_mhz) AS mean_freq_mhz
FROM hw_cpu_frequency
