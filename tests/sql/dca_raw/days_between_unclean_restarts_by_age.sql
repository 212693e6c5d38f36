WITH ages AS (
  SELECT
    guid,
    CAST(lastreportdate AS DATE) - CAST(firstreportdate AS DATE) AS days,
    (
      SELECT count(*)
      FROM microsoft_windows_kernel_power_event_41 k
      WHERE k.guid = s.guid
    ) AS num_restarts
  FROM system_sysinfo_unique_normalized s
  WHERE lastreportdate >= firstreportdate
)
SELECT
  CASE
    WHEN days >= 730 THEN '730 days and more'
    WHEN days >= 365 THEN '365 to 729 days'
    WHEN days >= 90 THEN '90 to 364 days'
    ELSE '0 to 89 days'
  END,
  count(*),
  sum(num_restarts),
  round(sum(days) / nullif(sum(num_restarts), 0), 2)
FROM ages
GROUP BY 1
HAVING count(*) >= 50
