/*
role: group
grain: One row per device whose processor is described; the first in order, if several.
reads: [system_cpu_metadata]
device: guid
columns:
  # One column, as few pairs exist.
  processor:
    kind: category
    absent: false
    values: processors
    other: Other|Other
    about: micro-architecture, then generation and class, as in Tiger Lake|11th Gen i7
*/
SELECT
  guid,
  min(concat(marketcodename, '|', cpugen)) AS processor
FROM system_cpu_metadata
WHERE guid IS NOT NULL
GROUP BY guid
