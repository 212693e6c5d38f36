/*
grain: >-
  One row per device and day, for devices whose memory is known. An interval counts if
  it has a positive number of samples and a mean that can be. The percentage is
  negative where more memory is free than is recorded.
reads: [os_memsam_avail_percent, system_sysinfo_unique_normalized]
device: guid
columns:
  guid: device id, 32 hex characters
  dt: local date
  nrs: number of samples, one each 5 s
  avg_free_ram: mean free memory, MB
  sysinfo_ram: memory, MB
  utilized_ram: memory in use, MB
  avg_percentage_used: share in use, rounded to whole %
*/
SELECT
  guid,
  dt,
  nrs,
  avg_free_ram,
  sysinfo_ram,
  sysinfo_ram - avg_free_ram AS utilized_ram,
  TRY_CAST(round(100 * (sysinfo_ram - avg_free_ram) / sysinfo_ram) AS BIGINT)
    AS avg_percentage_used
FROM (
  SELECT
    guid,
    dt,
    CAST(sum(sample_count) AS BIGINT) AS nrs,
    sum(sample_count * average) / sum(sample_count) AS avg_free_ram
  FROM os_memsam_avail_percent
  WHERE
    guid IS NOT NULL AND sample_count > 0 AND isfinite(average) AND average >= 0
  GROUP BY guid, dt
)
JOIN (
  SELECT
    guid,
    1024 * CAST(arg_max(ram, coalesce(lastreportdate, '-infinity')) AS DOUBLE)
      AS sysinfo_ram
  FROM system_sysinfo_unique_normalized
  WHERE isfinite(ram) AND ram > 0
  GROUP BY guid
) USING (guid)
