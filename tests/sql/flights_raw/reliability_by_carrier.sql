SELECT
  carrier,
  count(DISTINCT tailnum) AS num_aircraft,
  count(CASE WHEN arrived THEN 1 END) AS num_arrivals,
  100 * avg(CASE WHEN arrived THEN CAST(arr_delay >= 15 AS INTEGER) END)
    AS late_percent,
  100 * avg(CASE WHEN NOT departed THEN 1 WHEN arrived THEN 0 END) AS cancelled_percent,
  avg(CASE WHEN arrived THEN arr_delay END) AS mean_arr_delay_min
FROM flown
WHERE carrier IS NOT NULL
GROUP BY carrier
