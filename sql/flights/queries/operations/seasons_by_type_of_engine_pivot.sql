/*
question: >-
  In which seasons do aircraft depart, for each type of engine that at least 20 have?
codename: SeasonPivot
type: pivot
tables: [aircraft, seasons]
keys: [engine]
coverage: 0.5
values:
  num_departures: {metric: relative_error, threshold: 0.25}
  winter_percent: {metric: relative_error, threshold: 0.25}
  spring_percent: {metric: relative_error, threshold: 0.25}
  summer_percent: {metric: relative_error, threshold: 0.25}
  autumn_percent: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT tailnum, engine, num_winter + num_spring + num_summer + num_autumn AS
    departed, num_winter AS winter, num_spring AS spring, num_summer AS summer,
    num_autumn AS autumn FROM aircraft JOIN seasons USING (tailnum)
  keys:
    engine: aircraft.engine
  amounts: {departed: 500, winter: 150, spring: 150, summer: 150, autumn: 150}
  values:
    num_departures: departed
    winter_percent: [winter, departed, 100]
    spring_percent: [spring, departed, 100]
    summer_percent: [summer, departed, 100]
    autumn_percent: [autumn, departed, 100]
  at_least: 20
*/
WITH departure AS (
  SELECT
    engine,
    sum(num_winter) AS winter,
    sum(num_spring) AS spring,
    sum(num_summer) AS summer,
    sum(num_autumn) AS autumn,
    sum(num_winter + num_spring + num_summer + num_autumn) AS total
  FROM aircraft
  JOIN seasons USING (tailnum)
  WHERE engine IS NOT NULL
  GROUP BY engine
  HAVING count(*) >= 20
)
SELECT
  engine,
  CAST(total AS BIGINT) AS num_departures,
  100.0 * winter / nullif(total, 0) AS winter_percent,
  100.0 * spring / nullif(total, 0) AS spring_percent,
  100.0 * summer / nullif(total, 0) AS summer_percent,
  100.0 * autumn / nullif(total, 0) AS autumn_percent
FROM departure
ORDER BY engine
