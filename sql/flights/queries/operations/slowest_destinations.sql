/*
question: At which airports that at least 200 aircraft serve do flights arrive latest?
codename: SlowDestinations
type: topk
tables: [destinations]
keys: [dest]
coverage: 0.3
values:
  mean_arr_delay_min: {metric: spearman, threshold: 0.5}
devices: >-
  SELECT tailnum, dest FROM destinations
*/
WITH airport AS (
  SELECT
    dest,
    sum(num_arrived * mean_arr_delay_min)
      / nullif(sum(num_arrived) FILTER (WHERE mean_arr_delay_min IS NOT NULL), 0)
      AS mean_arr_delay_min
  FROM destinations
  WHERE dest IS NOT NULL AND dest <> 'Other'
  GROUP BY dest
  HAVING count(DISTINCT tailnum) >= 200
)
SELECT dest, mean_arr_delay_min
FROM airport
QUALIFY rank() OVER (ORDER BY mean_arr_delay_min DESC) <= 10
ORDER BY mean_arr_delay_min DESC, dest
