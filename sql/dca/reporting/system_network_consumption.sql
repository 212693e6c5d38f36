/*
grain: >-
  One row per device, day and direction, over all interfaces. An hour counts if it has a
  positive number of samples and a mean that is not negative.
reads: [os_network_consumption_v2]
device: guid
columns:
  guid: device id, 32 hex characters
  dt: local date
  input_desc: "counter: holds BYTES RECEIVED/SEC or BYTES SENT/SEC"
  nrs: number of samples, one each 5 s
  min_bytes_sec: least rate, bytes/s
  avg_bytes_sec: mean rate, weighted by samples, bytes/s
  max_bytes_sec: largest rate, bytes/s
*/
SELECT
  guid,
  dt,
  input_description AS input_desc,
  CAST(sum(nr_samples) AS BIGINT) AS nrs,
  min(min_bytes_sec) AS min_bytes_sec,
  sum(CAST(avg_bytes_sec AS DOUBLE) * nr_samples) / sum(nr_samples) AS avg_bytes_sec,
  max(max_bytes_sec) AS max_bytes_sec
FROM os_network_consumption_v2
WHERE guid IS NOT NULL AND nr_samples > 0 AND avg_bytes_sec >= 0
GROUP BY guid, dt, input_description
