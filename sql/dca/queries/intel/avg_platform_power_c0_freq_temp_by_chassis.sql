/*
question: How much power, C0 residency, frequency and heat has each form factor?
codename: ChassisAgg
type: aggregate
tables: [system_sysinfo_unique_normalized, system_psys_rap_watts, system_pkg_C0,
  system_pkg_avg_freq_mhz, system_pkg_temp_centigrade]
keys: [chassistype]
# The join is only by device, so a device weighs in one metric by its days in the
# three others too.
values:
  number_of_systems: {metric: relative_error, threshold: 0.25}
  avg_psys_rap_watts: {metric: relative_error, threshold: 0.25}
  avg_pkg_c0: {metric: relative_error, threshold: 0.25}
  avg_freq_mhz: {metric: relative_error, threshold: 0.25}
  avg_temp_centigrade: {metric: relative_error, threshold: 0.25}
devices: number_of_systems
contributions:
  select: >-
    SELECT guid, chassistype, least(CAST(c0.num_days AS DOUBLE) * freq.num_days *
    temp.num_days * psys.nrs, 2e11) AS psys_weight, psys_weight * avg_psys_rap_watts
    AS psys_sum, least(CAST(psys.num_days AS DOUBLE) * freq.num_days * temp.num_days
    * c0.nrs, 2e11) AS c0_weight, c0_weight * avg_pkg_c0 AS c0_sum,
    least(CAST(psys.num_days AS DOUBLE) * c0.num_days * temp.num_days * freq.nrs,
    2e11) AS freq_weight, freq_weight * avg_avg_freq_mhz AS freq_sum,
    least(CAST(psys.num_days AS DOUBLE) * c0.num_days * freq.num_days * temp.nrs,
    2e11) AS temp_weight, temp_weight * avg_temp_centigrade AS temp_sum FROM
    system_sysinfo_unique_normalized JOIN system_psys_rap_watts AS psys USING (guid)
    JOIN system_pkg_C0 AS c0 USING (guid) JOIN system_pkg_avg_freq_mhz AS freq USING
    (guid) JOIN system_pkg_temp_centigrade AS temp USING (guid)
  keys:
    chassistype: system_sysinfo_unique_normalized.chassistype
  amounts:
    psys_weight: 2.0e+11
    psys_sum: 2.0e+13
    c0_weight: 2.0e+11
    c0_sum: 2.0e+13
    freq_weight: 2.0e+11
    freq_sum: 1.0e+15
    temp_weight: 2.0e+11
    temp_sum: 2.0e+13
  values:
    number_of_systems: devices
    avg_psys_rap_watts: [psys_sum, psys_weight]
    avg_pkg_c0: [c0_sum, c0_weight]
    avg_freq_mhz: [freq_sum, freq_weight]
    avg_temp_centigrade: [temp_sum, temp_weight]
*/
WITH joined AS (
  SELECT
    chassistype,
    CAST(psys.num_days AS DOUBLE) * c0.num_days * freq.num_days * temp.num_days
      AS num_rows,
    num_rows / psys.num_days * psys.nrs AS psys_weight,
    num_rows / c0.num_days * c0.nrs AS c0_weight,
    num_rows / freq.num_days * freq.nrs AS freq_weight,
    num_rows / temp.num_days * temp.nrs AS temp_weight,
    avg_psys_rap_watts,
    avg_pkg_c0,
    avg_avg_freq_mhz,
    avg_temp_centigrade
  FROM system_sysinfo_unique_normalized
  JOIN system_psys_rap_watts AS psys USING (guid)
  JOIN system_pkg_C0 AS c0 USING (guid)
  JOIN system_pkg_avg_freq_mhz AS freq USING (guid)
  JOIN system_pkg_temp_centigrade AS temp USING (guid)
)
SELECT
  chassistype,
  count(*) AS number_of_systems,
  sum(psys_weight * avg_psys_rap_watts) / sum(psys_weight) AS avg_psys_rap_watts,
  sum(c0_weight * avg_pkg_c0) / sum(c0_weight) AS avg_pkg_c0,
  sum(freq_weight * avg_avg_freq_mhz) / sum(freq_weight) AS avg_freq_mhz,
  sum(temp_weight * avg_temp_centigrade) / sum(temp_weight) AS avg_temp_centigrade
FROM joined
GROUP BY chassistype
ORDER BY chassistype
