/*
about: >-
  One row per scheduled flight that was to leave New York City in 2013, from the on-time
  data of the US Bureau of Transportation Statistics. A cancelled flight has no
  departure delay, a diverted one has a departure delay but no arrival delay.
role: event
device: tailnum
time: time_hour
columns:
  year: "year of departure"
  month: "month of departure"
  day: "day of departure"
  dep_time: "actual departure, local HHMM"
  sched_dep_time: "scheduled departure, local HHMM"
  dep_delay: "departure delay, min; negative is early"
  arr_time: "actual arrival, local HHMM"
  sched_arr_time: "scheduled arrival, local HHMM"
  arr_delay: "arrival delay, min; negative is early"
  carrier: "carrier code, a key of airlines"
  flight: "flight number"
  tailnum: "tail number; absent for some cancelled flights"
  origin: "airport of departure, a key of airports"
  dest: "airport of arrival"
  air_time: "time in the air, min"
  distance: "distance between the airports, mi"
  hour: "hour of the scheduled departure, local"
  minute: "minute of the scheduled departure"
  time_hour: "scheduled departure cut to the hour, UTC"
*/
CREATE TABLE flights (
  year INTEGER,
  month INTEGER,
  day INTEGER,
  dep_time INTEGER,
  sched_dep_time INTEGER,
  dep_delay INTEGER,
  arr_time INTEGER,
  sched_arr_time INTEGER,
  arr_delay INTEGER,
  carrier VARCHAR,
  flight INTEGER,
  tailnum VARCHAR,
  origin VARCHAR,
  dest VARCHAR,
  air_time INTEGER,
  distance INTEGER,
  hour INTEGER,
  minute INTEGER,
  time_hour TIMESTAMP
)
