/*
about: One row per airport of the United States; its Caribbean territories are missing.
role: public
columns:
  faa: "airport code"
  name: "name"
  lat: "latitude, degrees north"
  lon: "longitude, degrees east"
  alt: "altitude, ft"
  tz: "standard time, hours ahead of GMT"
  dst: "rule of daylight saving time"
  tzone: "IANA time zone"
*/
CREATE TABLE airports (
  faa VARCHAR,
  name VARCHAR,
  lat DOUBLE,
  lon DOUBLE,
  alt INTEGER,
  tz INTEGER,
  dst VARCHAR,
  tzone VARCHAR
)
