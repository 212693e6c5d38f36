SELECT dest, avg(arr_delay) AS mean_arr_delay_min
FROM flown
WHERE arrived AND dest IS NOT NULL
GROUP BY dest
HAVING count(DISTINCT tailnum) >= 200
ORDER BY mean_arr_delay_min DESC
LIMIT 10
