WITH airport AS (
  SELECT dest, count(*) AS num_arrivals FROM flown
  WHERE arrived AND dest IS NOT NULL GROUP BY dest
)
SELECT * FROM airport
WHERE (
  SELECT count(*) FROM airport AS other WHERE other.num_arrivals > airport.num_arrivals
) < 10
