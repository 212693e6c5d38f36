/*
about: One row per device, with what its processor is.
role: event
device: guid
columns:
  guid: device id, 32 hex characters
  cpu: processor as reported
  cpucode: processor SKU
  processtechnology: process technology
  lithography: lithography, such as 14 nm
  marketsegment: MBL, DT, EMB, SRV, WS or Unknown
  cpugen: generation and class, such as 11th Gen i7
  launchdate: launch of the processor
  estfirstusedt: estimated first use of the device
  marketcodename: micro-architecture, such as Tiger Lake
  "#ofcores": number of cores
  spec_tdp: thermal design power, W
# All columns are text, as in the vendor's schema.
assumed: []
*/
CREATE TABLE system_cpu_metadata (
  guid VARCHAR,
  cpu VARCHAR,
  cpucode VARCHAR,
  processtechnology VARCHAR,
  lithography VARCHAR,
  marketsegment VARCHAR,
  cpugen VARCHAR,
  launchdate VARCHAR,
  estfirstusedt VARCHAR,
  marketcodename VARCHAR,
  "#ofcores" VARCHAR,
  spec_tdp VARCHAR
)
