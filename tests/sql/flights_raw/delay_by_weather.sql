SELECT
  condition,
  count(DISTINCT tailnum) AS num_aircraft,
  count(*) AS num_departures,
  avg(dep_delay) AS mean_dep_delay_min
FROM (
  SELECT
    tailnum,
    dep_delay,
    unnest(
      CASE
        WHEN coalesce(visib, 99) >= 3 AND coalesce(precip, 0) <= 0
          AND coalesce(wind_speed, 0) < 20 THEN ['fair']
        ELSE [
          CASE WHEN visib < 3 THEN 'low visibility' END,
          CASE WHEN precip > 0 THEN 'wet' END,
          CASE WHEN wind_speed >= 20 THEN 'windy' END
        ]
      END
    ) AS condition
  FROM flown
  JOIN weather ON flown.origin = weather.origin AND flown.time_hour = weather.time_hour
  WHERE departed
)
WHERE condition IS NOT NULL
GROUP BY condition
