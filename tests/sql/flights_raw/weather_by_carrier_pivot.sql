WITH operated AS (
  SELECT DISTINCT tailnum, carrier FROM flown WHERE carrier IS NOT NULL
),
observed AS (
  SELECT
    flown.tailnum,
    coalesce(visib < 3, false) AS fog,
    coalesce(precip > 0, false) AS wet,
    coalesce(wind_speed >= 20, false) AS windy
  FROM flown
  JOIN weather ON flown.origin = weather.origin AND flown.time_hour = weather.time_hour
  WHERE departed
)
SELECT
  carrier,
  count(DISTINCT tailnum) AS num_aircraft,
  count(*) FILTER (WHERE fog)
    / nullif(count(*) FILTER (WHERE NOT fog AND NOT wet AND NOT windy), 0)
    AS low_visibility_per_fair,
  count(*) FILTER (WHERE wet)
    / nullif(count(*) FILTER (WHERE NOT fog AND NOT wet AND NOT windy), 0)
    AS wet_per_fair,
  count(*) FILTER (WHERE windy)
    / nullif(count(*) FILTER (WHERE NOT fog AND NOT wet AND NOT windy), 0)
    AS windy_per_fair
FROM observed JOIN operated USING (tailnum)
GROUP BY carrier
HAVING count(DISTINCT tailnum) > 19
