/*
question: Whose aircraft does each carrier fly most?
codename: MainMaker
type: topk
tables: [aircraft, carriers]
keys: [carrier]
coverage: 0.3
values:
  manufacturer: {metric: agreement, threshold: 0.5}
contributions:
  select: >-
    SELECT tailnum, carrier, manufacturer FROM aircraft JOIN carriers USING
    (tailnum)
  keys:
    carrier: carriers.carrier
    manufacturer: aircraft.manufacturer
  max_cells: 2
  values:
    num_aircraft: devices
  top: {by: num_aircraft, limit: 1, within: [carrier]}
*/
SELECT carrier, manufacturer
FROM aircraft
JOIN carriers USING (tailnum)
WHERE carrier IS NOT NULL AND manufacturer IS NOT NULL
GROUP BY carrier, manufacturer
QUALIFY
  row_number() OVER (
    PARTITION BY carrier ORDER BY count(DISTINCT tailnum) DESC, manufacturer
  ) = 1
ORDER BY carrier
