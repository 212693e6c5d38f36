WITH airport AS (
  SELECT manufacturer, dest, count(*) AS num_arrivals
  FROM flown JOIN makers USING (tailnum)
  WHERE arrived AND dest IS NOT NULL GROUP BY manufacturer, dest
  HAVING count(DISTINCT tailnum) > 19
)
SELECT * FROM airport
WHERE (
  SELECT count(*) FROM airport AS other
  WHERE other.manufacturer = airport.manufacturer
    AND other.num_arrivals > airport.num_arrivals
) < 5
