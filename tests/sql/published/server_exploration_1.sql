WITH devices AS (
  SELECT
    guid,
    sum(nrs) AS nrs,
    sum(
      CASE WHEN contains(input_desc, 'BYTES RECEIVED/SEC')
      THEN avg_bytes_sec * nrs * 5 ELSE 0 END
    ) AS received_bytes,
    sum(
      CASE WHEN contains(input_desc, 'BYTES SENT/SEC')
      THEN avg_bytes_sec * nrs * 5 ELSE 0 END
    ) AS sent_bytes
  FROM system_network_consumption
  GROUP BY guid
  HAVING sum(nrs) > 720
)
SELECT
  d.guid,
  d.nrs,
  d.received_bytes,
  d.sent_bytes,
  s.chassistype,
  s.modelvendor_normalized AS vendor,
  s.model_normalized AS model,
  nullif(s.ram, 0) AS ram,
  s.os,
  s."#ofcores" AS number_of_cores
FROM devices d
JOIN system_sysinfo_unique_normalized s ON s.guid = d.guid
WHERE d.sent_bytes > d.received_bytes
