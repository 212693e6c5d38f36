/*
about: One row per carrier.
role: public
columns:
  carrier: "carrier code"
  name: "name of the airline"
*/
CREATE TABLE airlines (
  carrier VARCHAR,
  name VARCHAR
)
