WITH means AS (
  SELECT
    coalesce(s.chassistype, 'Other') AS chassistype,
    p.metric_name,
    sum(p.nrs * p.avg_val) / sum(p.nrs) AS mean
  FROM good_readings p
  JOIN system_sysinfo_unique_normalized s ON s.guid = p.guid
  GROUP BY ALL
),
devices AS (
  SELECT coalesce(s.chassistype, 'Other') AS chassistype, count(DISTINCT s.guid) AS n
  FROM system_sysinfo_unique_normalized s
  SEMI JOIN power_acdc_usage_v4_hist p ON p.guid = s.guid
  GROUP BY 1
)
SELECT
  d.chassistype,
  d.n,
  round(max(mean) FILTER (WHERE metric_name = 'HW:::PSYS_RAP:WATTS:'), 3),
  round(max(mean) FILTER (WHERE metric_name = 'HW::CORE:C0:PERCENT:'), 3),
  round(max(mean) FILTER (WHERE metric_name = 'HW::CORE:AVG_FREQ:MHZ:'), 2),
  round(max(mean) FILTER (WHERE metric_name = 'HW::CORE:TEMPERATURE:CENTIGRADE:'), 3)
FROM devices d
LEFT JOIN means m ON m.chassistype = d.chassistype
GROUP BY 1, 2
HAVING d.n >= 20
