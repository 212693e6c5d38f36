/*
question: Which airports get the most arrivals?
codename: TopDestinations
type: topk
tables: [destinations]
keys: [dest]
coverage: 0.3
values:
  num_arrivals: {metric: spearman, threshold: 0.5}
contributions:
  select: >-
    SELECT tailnum, dest, num_arrived AS arrived FROM destinations WHERE dest <>
    'Other'
  keys:
    dest: destinations.dest
  max_cells: 8
  amounts: {arrived: 100}
  values:
    num_arrivals: arrived
  top: {by: num_arrivals, limit: 10}
*/
SELECT
  dest,
  CAST(sum(num_arrived) AS BIGINT) AS num_arrivals
FROM destinations
WHERE dest IS NOT NULL AND dest <> 'Other'
GROUP BY dest
QUALIFY rank() OVER (ORDER BY sum(num_arrived) DESC) <= 10
ORDER BY num_arrivals DESC, dest
