WITH counted AS (
  SELECT distance, tailnum, count(*) OVER (PARTITION BY tailnum) AS arrivals
  FROM flown WHERE arrived
)
SELECT
  arrivals - CASE WHEN arrivals < 50 THEN arrivals % 10 ELSE arrivals % 50 END
    AS from_arrivals,
  count(DISTINCT tailnum) AS num_aircraft,
  avg(distance) AS mean_distance_mi
FROM counted
GROUP BY from_arrivals
