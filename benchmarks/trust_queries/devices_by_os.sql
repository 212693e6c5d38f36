SELECT os, count(*) AS num_devices
FROM system_sysinfo_unique_normalized
GROUP BY os
ORDER BY os
