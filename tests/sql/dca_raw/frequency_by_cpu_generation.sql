WITH samples AS (
  SELECT
    f.*,
    CASE
      WHEN s.cpuname LIKE '% Gen %' AND s.cpuname NOT LIKE 'Pentium%'
      THEN split_part(s.cpuname, ' ', 1) || ' Gen'
      ELSE 'Other'
    END AS generation
  FROM good_frequencies f
  JOIN system_sysinfo_unique_normalized s ON s.guid = f.guid
),
devices AS (
  SELECT
    guid,
    generation,
    max(ia_freq_mhz) AS highest,
    sum(CASE WHEN ia_active_cores >= 0 THEN 1.0 * nrs * ia_active_cores END)
      / sum(CASE WHEN ia_active_cores >= 0 THEN nrs END) AS cores
  FROM samples
  GROUP BY ALL
)
SELECT
  generation,
  count(*),
  (
    SELECT round(sum(1.0 * s.nrs * s.ia_freq_mhz) / sum(s.nrs), 2)
    FROM samples s
    WHERE s.generation = d.generation
  ),
  round(avg(highest), 2),
  round(avg(cores), 3)
FROM devices d
GROUP BY generation
HAVING count(*) >= 20
