/*
role: anchor
grain: >-
  One row per aircraft, that is, a tail number of the registry or of a flight.
  Attributes that the registry lacks are absent.
reads: [aircraft]
device: tailnum
columns:
  manufacturer:
    {kind: category, values: manufacturers, other: Other,
    about: "maker; former names merged"}
  type:
    {kind: category, values: aircraft_types, other: Other, about: "type of aircraft"}
  engine: {kind: category, values: engine_types, other: Other, about: "type of engine"}
  engines:
    {kind: integer, unit: engines, low: 1, high: 4, bins: 4, about: "number of engines"}
  seats:
    {kind: integer, unit: seats, about: "number of seats", zero: false,
    edges: [1, 3, 10, 20, 51, 77, 101, 126, 151, 176, 201, 251, 301, 401, 854]}
  year_built:
    {kind: integer, unit: year, about: "year of manufacture", zero: false,
    edges: [1940, 1960, 1970, 1975, 1980, 1985, 1990, 1995, 2000, 2005, 2010, 2015]}
*/
SELECT
  tailnum,
  CASE
    WHEN manufacturer ILIKE 'AIRBUS%' THEN 'Airbus'
    WHEN manufacturer ILIKE 'BOEING%' THEN 'Boeing'
    WHEN manufacturer ILIKE 'BOMBARDIER%' OR manufacturer ILIKE 'CANADAIR%'
      THEN 'Bombardier'
    WHEN manufacturer ILIKE 'EMBRAER%' THEN 'Embraer'
    WHEN manufacturer ILIKE 'MCDONNELL%' OR manufacturer ILIKE 'DOUGLAS%'
      THEN 'McDonnell Douglas'
    WHEN manufacturer ILIKE 'CESSNA%' THEN 'Cessna'
    WHEN manufacturer ILIKE 'PIPER%' THEN 'Piper'
    WHEN manufacturer ILIKE 'BEECH%' THEN 'Beech'
    WHEN manufacturer ILIKE 'GULFSTREAM%' THEN 'Gulfstream'
    WHEN manufacturer ILIKE 'BELL%' THEN 'Bell'
    WHEN manufacturer ILIKE 'SIKORSKY%' THEN 'Sikorsky'
    WHEN manufacturer IS NOT NULL THEN 'Other'
  END AS manufacturer,
  type,
  engine,
  CAST(engines AS BIGINT) AS engines,
  CAST(seats AS BIGINT) AS seats,
  CAST(year AS BIGINT) AS year_built
FROM aircraft
WHERE tailnum IS NOT NULL
