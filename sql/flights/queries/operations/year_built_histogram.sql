/*
question: How old is the fleet, in steps of five years?
codename: YearHist
type: histogram
tables: [aircraft]
keys: [from_year]
coverage: 0.5
values:
  num_aircraft: {metric: total_variation, threshold: 0.15}
*/
SELECT
  year_built - year_built % 5 AS from_year,
  count(*) AS num_aircraft
FROM aircraft
WHERE year_built IS NOT NULL
GROUP BY from_year
ORDER BY from_year
