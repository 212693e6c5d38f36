/*
about: One row per unclean restart (Windows event 41).
role: event
device: guid
time: ts
columns:
  load_ts: when the row was loaded in the warehouse
  batch_id: ingest batch, YYYYMMDD-HHMMSS
  audit_zip: name of the uploaded archive
  audit_internal_path: file inside the archive
  guid: device id, 32 hex characters
  dt: local date of ts
  ts: when the restarted system logged the event, UTC
  bugcheck_code: stop code, decimal; 0 means power lost without a stop
  bugcheck_parameter1: parameter 1 of the stop, hex
  bugcheck_parameter2: parameter 2 of the stop, hex
  bugcheck_parameter3: parameter 3 of the stop, hex
  bugcheck_parameter4: parameter 4 of the stop, hex
  sleep_in_progress: sleep transition in progress, 0 to 7
  power_button_timestamp: file time of a long press of the power button, else 0
  boot_app_status: status of the boot application
  checkpoint: last checkpoint of the power transition
  connected_standby_in_progress: in modern standby at that time
  system_sleep_transitions_to_on: wake-ups since the boot
  bugcheck_info_from_efi: the stop was recovered from firmware; newer Windows
  long_power_button_press_detected: power button held down; newer Windows
  lid_state: 1 open, 0 closed; newer Windows
  input_suppression_state: 0 or 1; newer Windows
# No list of this table's columns is public: all follow the Windows event.
assumed: [load_ts, batch_id, audit_zip, audit_internal_path, guid, dt, ts,
  bugcheck_code, bugcheck_parameter1, bugcheck_parameter2, bugcheck_parameter3,
  bugcheck_parameter4, sleep_in_progress, power_button_timestamp, boot_app_status,
  checkpoint, connected_standby_in_progress, system_sleep_transitions_to_on,
  bugcheck_info_from_efi, long_power_button_press_detected, lid_state,
  input_suppression_state]
*/
CREATE TABLE microsoft_windows_kernel_power_event_41 (
  load_ts TIMESTAMP,
  batch_id VARCHAR,
  audit_zip VARCHAR,
  audit_internal_path VARCHAR,
  guid VARCHAR,
  dt DATE,
  ts TIMESTAMP,
  bugcheck_code INTEGER,
  bugcheck_parameter1 VARCHAR,
  bugcheck_parameter2 VARCHAR,
  bugcheck_parameter3 VARCHAR,
  bugcheck_parameter4 VARCHAR,
  sleep_in_progress INTEGER,
  power_button_timestamp BIGINT,
  boot_app_status INTEGER,
  checkpoint INTEGER,
  connected_standby_in_progress BOOLEAN,
  system_sleep_transitions_to_on INTEGER,
  bugcheck_info_from_efi BOOLEAN,
  long_power_button_press_detected BOOLEAN,
  lid_state INTEGER,
  input_suppression_state INTEGER
)
