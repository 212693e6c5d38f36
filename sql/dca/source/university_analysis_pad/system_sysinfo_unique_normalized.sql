/*
about: One row per device, with what it is and who uses it.
role: devices
device: guid
columns:
  load_ts: when the row was loaded in the warehouse
  guid: device id, 32 hex characters
  chassistype: form factor, 7 values
  chassistype_2in1_category: Convertible, Detachable or Unknown
  countryname: country
  countryname_normalized: country, the smaller ones pooled as Other; 51 values
  modelvendor: maker as reported
  modelvendor_normalized: maker, cleaned; 48 values with Unknown, Other and O.E.M
  model: model as reported
  model_normalized: model, cleaned
  ram: memory in GB; a few rows were entered in MB
  os: Windows version, 7 values
  "#ofcores": number of cores, as text
  age_category: age bin; stale
  graphicsmanuf: maker of the graphics device
  gfxcard: graphics device
  graphicscardclass: performance class of the graphics device; stale
  processornumber: lithography, despite its name
  cpuvendor: maker of the processor
  cpuname: processor generation and class, at most 24 characters
  cpucode: processor SKU
  cpu_family: processor family, 10 values
  cpu_suffix: processor line with its suffix, such as Core-U
  screensize_category: screen size bin in inches, such as 15x
  persona: kind of use found from foreground apps, 11 values
  processor_line: U-Processor, H-Processor and so on
  vpro_enabled: Y or N
  firstreportdate: first sighting
  lastreportdate: last sighting
  discretegraphics: Y or N
  cpu_stepping: family, model and stepping of the processor
  engagement_id: deployment of the collector
assumed: []
*/
CREATE TABLE system_sysinfo_unique_normalized (
  load_ts TIMESTAMP,
  guid VARCHAR,
  chassistype VARCHAR,
  chassistype_2in1_category VARCHAR,
  countryname VARCHAR,
  countryname_normalized VARCHAR,
  modelvendor VARCHAR,
  modelvendor_normalized VARCHAR,
  model VARCHAR,
  model_normalized VARCHAR,
  ram REAL,
  os VARCHAR,
  "#ofcores" VARCHAR,
  age_category VARCHAR,
  graphicsmanuf VARCHAR,
  gfxcard VARCHAR,
  graphicscardclass VARCHAR,
  processornumber VARCHAR,
  cpuvendor VARCHAR,
  cpuname VARCHAR,
  cpucode VARCHAR,
  cpu_family VARCHAR,
  cpu_suffix VARCHAR,
  screensize_category VARCHAR,
  persona VARCHAR,
  processor_line VARCHAR,
  vpro_enabled VARCHAR,
  firstreportdate TIMESTAMP,
  lastreportdate TIMESTAMP,
  discretegraphics VARCHAR,
  cpu_stepping VARCHAR,
  engagement_id VARCHAR
)
