SELECT
  processor_class,
  os,
  count(DISTINCT guid) AS number_of_systems,
  sum(nrs * received) / sum(nrs) AS avg_bytes_received,
  sum(nrs * sent) / sum(nrs) AS avg_bytes_sent
FROM (
  SELECT
    s.guid,
    s.cpucode,
    s.os,
    CASE s.cpuname WHEN 'Xeon' THEN 'Server Class' ELSE 'Non-Server Class' END
      AS processor_class,
    sum(n.nrs) AS nrs,
    coalesce(
      sum(n.avg_bytes_sec * n.nrs * 5)
        FILTER (WHERE contains(n.input_desc, 'BYTES RECEIVED/SEC')),
      0
    ) AS received,
    coalesce(
      sum(n.avg_bytes_sec * n.nrs * 5)
        FILTER (WHERE contains(n.input_desc, 'BYTES SENT/SEC')),
      0
    ) AS sent
  FROM system_sysinfo_unique_normalized s
  JOIN system_network_consumption n ON s.guid = n.guid
  GROUP BY s.guid, s.cpuname, s.cpucode, s.os
)
GROUP BY processor_class, os
