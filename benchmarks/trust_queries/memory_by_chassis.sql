SELECT chassistype, count(*) AS num_devices, avg(ram_gb) AS mean_ram_gb
FROM system_sysinfo_unique_normalized
GROUP BY chassistype
ORDER BY chassistype
