/*
question: At which frequency does each processor generation run?
codename: FrequencyGeneration
type: aggregate
tables: [system_sysinfo_unique_normalized, hw_cpu_frequency]
keys: [cpu_generation]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  avg_freq_mhz: {metric: relative_error, threshold: 0.25}
  avg_max_freq_mhz: {metric: relative_error, threshold: 0.25}
  avg_active_cores: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, cpu_generation, least(nrs, 50000) AS samples, least(nrs, 50000) *
    mean_freq_mhz AS cycles, max_freq_mhz AS top_mhz, mean_active_cores AS cores
    FROM system_sysinfo_unique_normalized JOIN hw_cpu_frequency USING (guid)
  keys:
    cpu_generation: system_sysinfo_unique_normalized.cpu_generation
  amounts: {samples: 50000, cycles: 200000000, top_mhz: 6199, cores: 16}
  values:
    num_devices: devices
    avg_freq_mhz: [cycles, samples]
    avg_max_freq_mhz: [top_mhz, devices]
    avg_active_cores: [cores, devices]
  at_least: 20
*/
SELECT
  cpu_generation,
  count(*) AS num_devices,
  round(sum(nrs * mean_freq_mhz) / sum(nrs), 2) AS avg_freq_mhz,
  round(avg(max_freq_mhz), 2) AS avg_max_freq_mhz,
  round(avg(mean_active_cores), 3) AS avg_active_cores
FROM system_sysinfo_unique_normalized
JOIN hw_cpu_frequency USING (guid)
GROUP BY cpu_generation
HAVING count(*) >= 20
ORDER BY cpu_generation
