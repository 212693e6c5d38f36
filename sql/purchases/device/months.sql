/*
role: entity
grain: One row per customer and month with a purchase.
reads: [purchases]
device: customer_id
max_rows: 18
fixed_rows: 6
cap_by: num_purchases
unique: [month]
columns:
  month: {kind: category, values: months, about: month of the purchases}
  num_purchases:
    {kind: integer, unit: purchases, about: "purchases of the month", zero: false,
    edges: [1, 2, 3, 4, 5, 8, 12, 101]}
  num_cds:
    {kind: integer, unit: CDs, low: 1, high: 200, bins: 20, scale: log,
    about: CDs of the month}
  value_usd:
    {kind: double, unit: USD, low: 1, high: 5000, bins: 24, scale: log,
    about: what they cost}
*/
SELECT
  customer_id,
  strftime(day, '%Y-%m') AS month,
  count(*) AS num_purchases,
  CAST(sum(num_cds) AS BIGINT) AS num_cds,
  sum(value_usd) AS value_usd
FROM purchases
WHERE customer_id IS NOT NULL AND day IS NOT NULL
GROUP BY customer_id, month
