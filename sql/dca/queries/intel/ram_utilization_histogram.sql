/*
question: How many devices have each size of memory, and what share of it is in use?
codename: RamHist
type: histogram
tables: [system_sysinfo_unique_normalized, system_memory_utilization]
keys: [ram_gb]
# The count keeps the name that the study's engine gave it.
values:
  count(DISTINCT guid): {metric: total_variation, threshold: 0.15}
  avg_percentage_used: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, CAST(ram_gb AS DOUBLE) AS ram_gb, least(nrs, 50000) AS samples,
    least(nrs, 50000) * avg_percentage_used AS used FROM
    system_sysinfo_unique_normalized JOIN system_memory_utilization USING (guid)
    WHERE ram_gb IS NOT NULL
  keys:
    ram_gb: [1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128]
  amounts: {samples: 50000, used: 5000000}
  values:
    count(DISTINCT guid): devices
    avg_percentage_used: [used, samples]
*/
SELECT
  CAST(ram_gb AS DOUBLE) AS ram_gb,
  count(*) AS "count(DISTINCT guid)",
  round(sum(nrs * avg_percentage_used) / sum(nrs)) AS avg_percentage_used
FROM system_sysinfo_unique_normalized
JOIN system_memory_utilization USING (guid)
WHERE ram_gb IS NOT NULL
GROUP BY ram_gb
ORDER BY ram_gb
