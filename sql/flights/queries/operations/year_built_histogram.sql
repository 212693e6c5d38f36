/*
question: How old is the fleet, in steps of five years?
codename: YearHist
type: histogram
tables: [aircraft]
keys: [from_year]
coverage: 0.5
values:
  num_aircraft: {metric: total_variation, threshold: 0.15}
contributions:
  select: >-
    SELECT tailnum, year_built - year_built % 5 AS from_year FROM aircraft WHERE
    year_built IS NOT NULL
  keys:
    from_year: [1955, 1960, 1965, 1970, 1975, 1980, 1985, 1990, 1995, 2000, 2005, 2010]
  values:
    num_aircraft: devices
*/
SELECT
  year_built - year_built % 5 AS from_year,
  count(*) AS num_aircraft
FROM aircraft
WHERE year_built IS NOT NULL
GROUP BY from_year
ORDER BY from_year
