/*
role: group
grain: >-
  One row per device with power events. An event is one start and one name; its length
  counts once, however many metrics it has. A reading counts if it has a positive number
  of samples and a value that its sensor can give: 0 to 100 %, 1 to 10000 MHz, 0 to 150
  degrees, 0 to 1000 W; so NaN, infinite and negative ones are absent, and so is a
  length that is not positive.
reads: [power_acdc_usage_v4_hist]
device: guid
columns:
  num_days:
    {kind: integer, unit: days, low: 1, high: 700, bins: 12, scale: log, absent: false,
    about: days with an event}
  ac_h:
    {kind: double, unit: h, low: 0.1, high: 10000, bins: 14, scale: log, absent: false,
    about: length of events on mains power}
  dc_h:
    {kind: double, unit: h, low: 0.1, high: 10000, bins: 14, scale: log, absent: false,
    about: length of events on battery}
  c0_nrs:
    {kind: integer, unit: samples of 5 s, low: 10, high: 20000000, bins: 14, scale: log,
    absent: false, about: samples of core C0 residency over all cores}
  c0_pct:
    {kind: double, unit: "%", low: 0, high: 100, bins: 14,
    about: mean core C0 residency}
  freq_nrs:
    {kind: integer, unit: samples of 5 s, low: 10, high: 20000000, bins: 14, scale: log,
    absent: false, about: samples of core frequency over all cores}
  freq_mhz:
    {kind: double, unit: MHz, low: 400, high: 5200, bins: 14, zero: false,
    about: mean core frequency}
  temp_nrs:
    {kind: integer, unit: samples of 5 s, low: 10, high: 20000000, bins: 14, scale: log,
    absent: false, about: samples of core temperature over all cores}
  temp_celsius:
    {kind: double, unit: degrees Celsius, low: 20, high: 100, bins: 16, zero: false,
    about: mean core temperature}
  max_temp_celsius:
    {kind: double, unit: degrees Celsius, low: 20, high: 116, bins: 16, zero: false,
    about: highest core temperature}
  psys_nrs:
    {kind: integer, unit: samples of 5 s, low: 10, high: 20000000, bins: 14, scale: log,
    absent: false, about: samples of platform power}
  psys_power_w:
    {kind: double, unit: W, low: 0.5, high: 250, bins: 16, scale: log,
    about: mean platform power}
*/
WITH readings AS (
  SELECT
    guid,
    ts,
    event_name,
    dt,
    CASE WHEN duration_ms > 0 THEN CAST(duration_ms AS DOUBLE) / 3600000 END AS hours,
    metric_name,
    CAST(nrs AS BIGINT) AS nrs,
    avg_val,
    CASE WHEN max_val BETWEEN 0 AND 150 THEN max_val END AS max_temp,
    nrs > 0
    AND CASE metric_name
      WHEN 'HW::CORE:C0:PERCENT:' THEN avg_val BETWEEN 0 AND 100
      WHEN 'HW::CORE:AVG_FREQ:MHZ:' THEN avg_val BETWEEN 1 AND 10000
      WHEN 'HW::CORE:TEMPERATURE:CENTIGRADE:' THEN avg_val BETWEEN 0 AND 150
      WHEN 'HW:::PSYS_RAP:WATTS:' THEN avg_val BETWEEN 0 AND 1000
      ELSE FALSE
    END AS counts
  FROM power_acdc_usage_v4_hist
  WHERE guid IS NOT NULL
),
events AS (
  SELECT
    guid,
    ts,
    event_name,
    max(dt) AS dt,
    max(hours) AS hours,
    sum(nrs) FILTER (WHERE counts AND metric_name = 'HW::CORE:C0:PERCENT:') AS c0_nrs,
    sum(nrs * avg_val)
      FILTER (WHERE counts AND metric_name = 'HW::CORE:C0:PERCENT:') AS c0_sum,
    sum(nrs)
      FILTER (WHERE counts AND metric_name = 'HW::CORE:AVG_FREQ:MHZ:') AS freq_nrs,
    sum(nrs * avg_val)
      FILTER (WHERE counts AND metric_name = 'HW::CORE:AVG_FREQ:MHZ:') AS freq_sum,
    sum(nrs) FILTER (
      WHERE counts AND metric_name = 'HW::CORE:TEMPERATURE:CENTIGRADE:'
    ) AS temp_nrs,
    sum(nrs * avg_val) FILTER (
      WHERE counts AND metric_name = 'HW::CORE:TEMPERATURE:CENTIGRADE:'
    ) AS temp_sum,
    max(max_temp) FILTER (
      WHERE counts AND metric_name = 'HW::CORE:TEMPERATURE:CENTIGRADE:'
    ) AS max_temp,
    sum(nrs) FILTER (WHERE counts AND metric_name = 'HW:::PSYS_RAP:WATTS:') AS psys_nrs,
    sum(nrs * avg_val)
      FILTER (WHERE counts AND metric_name = 'HW:::PSYS_RAP:WATTS:') AS psys_sum
  FROM readings
  GROUP BY guid, ts, event_name
)
SELECT
  guid,
  count(DISTINCT dt) AS num_days,
  coalesce(sum(hours) FILTER (WHERE event_name LIKE 'AC%'), 0) AS ac_h,
  coalesce(sum(hours) FILTER (WHERE event_name LIKE 'DC%'), 0) AS dc_h,
  CAST(coalesce(sum(c0_nrs), 0) AS BIGINT) AS c0_nrs,
  sum(c0_sum) / sum(c0_nrs) AS c0_pct,
  CAST(coalesce(sum(freq_nrs), 0) AS BIGINT) AS freq_nrs,
  sum(freq_sum) / sum(freq_nrs) AS freq_mhz,
  CAST(coalesce(sum(temp_nrs), 0) AS BIGINT) AS temp_nrs,
  sum(temp_sum) / sum(temp_nrs) AS temp_celsius,
  max(max_temp) AS max_temp_celsius,
  CAST(coalesce(sum(psys_nrs), 0) AS BIGINT) AS psys_nrs,
  sum(psys_sum) / sum(psys_nrs) AS psys_power_w
FROM events
GROUP BY guid
