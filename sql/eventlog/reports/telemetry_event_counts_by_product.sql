/*
about: Events of each product.
reads: [log]
*/
SELECT "Product Type", count(*) AS event_count
FROM log
GROUP BY "Product Type"
ORDER BY event_count DESC, "Product Type"
