WITH fleet AS (
  SELECT carrier, manufacturer, count(DISTINCT tailnum) AS num_aircraft
  FROM flown JOIN makers USING (tailnum)
  WHERE carrier IS NOT NULL GROUP BY carrier, manufacturer
)
SELECT carrier, min(manufacturer) AS manufacturer
FROM fleet
WHERE num_aircraft = (
  SELECT max(num_aircraft) FROM fleet AS other WHERE other.carrier = fleet.carrier
)
GROUP BY carrier
