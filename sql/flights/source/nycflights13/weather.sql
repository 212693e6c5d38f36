/*
about: One row per airport of departure and hour with a weather observation.
role: public
columns:
  origin: "airport"
  year: "year"
  month: "month"
  day: "day"
  hour: "hour, local"
  temp: "temperature, degrees Fahrenheit"
  dewp: "dew point, degrees Fahrenheit"
  humid: "relative humidity, %"
  wind_dir: "wind direction, degrees"
  wind_speed: "wind speed, mph"
  wind_gust: "gust speed, mph"
  precip: "precipitation, inches"
  pressure: "sea level pressure, mbar"
  visib: "visibility, mi"
  time_hour: "hour of the observation, UTC"
*/
CREATE TABLE weather (
  origin VARCHAR,
  year INTEGER,
  month INTEGER,
  day INTEGER,
  hour INTEGER,
  temp DOUBLE,
  dewp DOUBLE,
  humid DOUBLE,
  wind_dir INTEGER,
  wind_speed DOUBLE,
  wind_gust DOUBLE,
  precip DOUBLE,
  pressure DOUBLE,
  visib DOUBLE,
  time_hour TIMESTAMP
)
