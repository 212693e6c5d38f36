/*
about: One row per device and Windows version, with the window of its use.
role: event
device: guid
columns:
  load_ts: when the row was loaded in the warehouse
  guid: device id, 32 hex characters
  min_ts: first sighting of the version
  max_ts: last sighting of the version
  os_name: Windows version, such as Win10
  os_codename: its release, such as 22H2
# Published are these names; their types are inferred from descriptions.
assumed: [min_ts, max_ts, os_name, os_codename]
*/
CREATE TABLE system_os_codename_history (
  load_ts TIMESTAMP,
  guid VARCHAR,
  min_ts TIMESTAMP,
  max_ts TIMESTAMP,
  os_name VARCHAR,
  os_codename VARCHAR
)
