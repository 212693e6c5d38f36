/*
role: anchor
grain: >-
  One row per device: its latest row, should there be several. Missing text counts as
  the vocabulary's Unknown, Other or n/a; a size of memory or a span of dates that cannot
  be is absent.
reads: [system_sysinfo_unique_normalized]
device: guid
columns:
  chassistype:
    {kind: category, values: chassis_types, other: Other, absent: false,
    about: form factor}
  countryname_normalized:
    {kind: category, values: countries, other: Other, absent: false, about: country}
  modelvendor_normalized:
    {kind: category, values: vendors, other: Other, absent: false, about: maker}
  os:
    {kind: category, values: operating_systems, other: n/a, absent: false,
    about: Windows version}
  cpu_family:
    {kind: category, values: cpu_families, other: Other, absent: false,
    about: processor family}
  cpu_generation:
    kind: category
    absent: false
    values: cpu_generations
    other: Other
    about: generation of a Core processor, the beginning of cpuname
  processor_class:
    {kind: category, values: processor_classes, absent: false,
    about: Server Class if cpuname is Xeon}
  persona:
    {kind: category, values: personas, other: Unknown, absent: false,
    about: kind of use of the device}
  discretegraphics: {kind: category, values: ["Y", "N"], about: has discrete graphics}
  # Sizes that are sold have a bin of their own, so that decoding returns them exactly.
  ram_gb:
    kind: integer
    unit: GB
    edges: [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 16, 17, 24, 25, 32, 33, 64, 65, 129]
    zero: false
    about: memory, rounded to whole GB
  days_reported:
    kind: integer
    unit: days
    low: 1
    high: 2500
    bins: 14
    scale: log
    about: days between the first and the last sighting
*/
SELECT
  guid,
  coalesce(chassistype, 'Other') AS chassistype,
  coalesce(countryname_normalized, 'Other') AS countryname_normalized,
  coalesce(modelvendor_normalized, 'Unknown') AS modelvendor_normalized,
  coalesce(os, 'n/a') AS os,
  coalesce(cpu_family, 'Other') AS cpu_family,
  CASE
    WHEN regexp_matches(cpuname, '^1?[0-9](st|nd|rd|th) Gen')
    THEN regexp_extract(cpuname, '^1?[0-9](st|nd|rd|th) Gen')
    ELSE 'Other'
  END AS cpu_generation,
  CASE WHEN cpuname = 'Xeon' THEN 'Server Class' ELSE 'Non-Server Class' END
    AS processor_class,
  coalesce(persona, 'Unknown') AS persona,
  discretegraphics,
  CASE WHEN ram BETWEEN 0.5 AND 1e9 THEN CAST(round(ram) AS BIGINT) END AS ram_gb,
  CASE
    WHEN lastreportdate >= firstreportdate
    THEN CAST(date_diff('day', firstreportdate, lastreportdate) AS BIGINT)
  END AS days_reported
FROM system_sysinfo_unique_normalized
WHERE guid IS NOT NULL
QUALIFY
  row_number() OVER (
    PARTITION BY guid
    ORDER BY
      lastreportdate DESC NULLS LAST,
      load_ts DESC NULLS LAST,
      firstreportdate,
      chassistype,
      countryname_normalized,
      modelvendor_normalized,
      os,
      cpu_family,
      cpuname,
      persona,
      discretegraphics,
      ram
  ) = 1
