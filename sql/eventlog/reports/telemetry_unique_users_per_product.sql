/*
about: Users with an event of each product.
reads: [log]
*/
SELECT "Product Type", count(DISTINCT "User ID") AS unique_users
FROM log
GROUP BY "Product Type"
ORDER BY unique_users DESC, "Product Type"
