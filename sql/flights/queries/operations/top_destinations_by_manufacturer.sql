/*
question: >-
  Which airports do the aircraft of each manufacturer arrive at most, among those that
  at least 20 of them serve?
codename: MakerDestinations
type: topk
tables: [aircraft, destinations]
keys: [manufacturer, dest]
within: [manufacturer]
coverage: 0.3
values:
  num_arrivals: {metric: spearman, threshold: 0.5}
devices: >-
  SELECT tailnum, manufacturer, dest FROM aircraft JOIN destinations USING (tailnum)
*/
SELECT
  manufacturer,
  dest,
  CAST(sum(num_arrived) AS BIGINT) AS num_arrivals
FROM aircraft
JOIN destinations USING (tailnum)
WHERE manufacturer IS NOT NULL AND dest IS NOT NULL AND dest <> 'Other'
GROUP BY manufacturer, dest
HAVING count(DISTINCT tailnum) >= 20
QUALIFY rank() OVER (PARTITION BY manufacturer ORDER BY sum(num_arrived) DESC) <= 5
ORDER BY manufacturer, num_arrivals DESC, dest
