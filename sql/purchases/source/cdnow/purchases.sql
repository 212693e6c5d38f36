/*
about: >-
  One row per purchase of the CDNOW data: all customers whose first purchase was in
  January to March 1997, until June 1998.
role: devices
device: customer_id
time: day
columns:
  customer_id: the customer
  day: day of the purchase
  num_cds: CDs bought at once
  value_usd: what they cost, in US dollars
*/
CREATE TABLE purchases (
  customer_id VARCHAR, day DATE, num_cds BIGINT, value_usd DOUBLE
)
