/*
question: How many aircraft serve each part of the country, and how often?
codename: RegionGeo
type: geographic
tables: [regions]
keys: [region]
coverage: 0.5
values:
  num_aircraft: {metric: relative_error, threshold: 0.25}
  num_arrivals: {metric: total_variation, threshold: 0.15}
contributions:
  select: >-
    SELECT tailnum, region, arrivals FROM (UNPIVOT (SELECT tailnum, num_eastern AS
    eastern, num_central AS central, num_mountain AS mountain, num_pacific AS
    pacific, num_alaska_hawaii AS "alaska and hawaii", num_offshore AS offshore
    FROM regions) ON COLUMNS(* EXCLUDE tailnum) INTO NAME region VALUE arrivals)
    WHERE arrivals > 0
  keys:
    region: [eastern, central, mountain, pacific, alaska and hawaii, offshore]
  max_cells: 6
  amounts: {arrivals: 300}
  values:
    num_aircraft: devices
    num_arrivals: arrivals
*/
WITH arrival AS (
  SELECT 'eastern' AS region, num_eastern AS num_arrived FROM regions
  UNION ALL
  SELECT 'central', num_central FROM regions
  UNION ALL
  SELECT 'mountain', num_mountain FROM regions
  UNION ALL
  SELECT 'pacific', num_pacific FROM regions
  UNION ALL
  SELECT 'alaska and hawaii', num_alaska_hawaii FROM regions
  UNION ALL
  SELECT 'offshore', num_offshore FROM regions
)
SELECT
  region,
  count(*) AS num_aircraft,
  CAST(sum(num_arrived) AS BIGINT) AS num_arrivals
FROM arrival
WHERE num_arrived > 0
GROUP BY region
ORDER BY region
