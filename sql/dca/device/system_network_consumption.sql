/*
role: group
grain: >-
  One row per device with samples of network traffic. Counters of neither direction add
  samples and no bytes.
reads: [system_network_consumption]
device: guid
columns:
  # 721 is the first number of samples beyond an hour, at which a query cuts.
  nrs:
    kind: integer
    unit: samples of 5 s
    edges: [1, 60, 240, 721, 2880, 8640, 17280, 34560, 86400, 172800, 345600, 864000,
      1728000, 3456000, 8640000, 20000000]
    scale: log
    zero: false
    about: samples of both directions and all interfaces
  total_bytes:
    {kind: double, unit: bytes, low: 100000, high: 1.0e+15, bins: 20, scale: log,
    about: bytes received and sent}
  # An edge at one half, so that decoding keeps who sends more than is received.
  sent_share:
    kind: double
    unit: share
    edges: [0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3,
      0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 1]
    about: share of the bytes that were sent
*/
SELECT
  guid,
  CAST(nrs AS BIGINT) AS nrs,
  received_bytes + sent_bytes AS total_bytes,
  sent_bytes / nullif(received_bytes + sent_bytes, 0) AS sent_share
FROM (
  SELECT
    guid,
    sum(nrs) AS nrs,
    5 * coalesce(
      sum(nrs * avg_bytes_sec) FILTER (WHERE input_desc LIKE '%BYTES RECEIVED/SEC%'), 0
    ) AS received_bytes,
    5 * coalesce(
      sum(nrs * avg_bytes_sec) FILTER (WHERE input_desc LIKE '%BYTES SENT/SEC%'), 0
    ) AS sent_bytes
  FROM system_network_consumption
  GROUP BY guid
)
