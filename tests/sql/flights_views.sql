CREATE VIEW flown AS
SELECT
  *,
  dep_delay IS NOT NULL AS departed,
  dep_delay + arr_delay + air_time IS NOT NULL AS arrived
FROM flights
WHERE length(tailnum) > 0;

CREATE VIEW makers AS
SELECT
  tailnum,
  coalesce(
    (
      SELECT maker FROM (
        VALUES
          ('Airbus', 'AIRBUS'), ('Boeing', 'BOEING'), ('Bombardier', 'BOMBARDIER'),
          ('Bombardier', 'CANADAIR'), ('Embraer', 'EMBRAER'),
          ('McDonnell Douglas', 'MCDONNELL'), ('McDonnell Douglas', 'DOUGLAS'),
          ('Cessna', 'CESSNA'), ('Piper', 'PIPER'), ('Beech', 'BEECH'),
          ('Gulfstream', 'GULFSTREAM'), ('Bell', 'BELL'), ('Sikorsky', 'SIKORSKY')
      ) AS known (maker, prefix)
      WHERE starts_with(upper(manufacturer), prefix)
    ),
    'Other'
  ) AS manufacturer
FROM aircraft
WHERE manufacturer IS NOT NULL;
