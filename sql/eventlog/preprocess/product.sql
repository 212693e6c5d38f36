/*
about: Makes a type of the known products; text of this type is kept as a number.
reads: [known_products]
*/
CREATE TYPE product AS ENUM (SELECT name FROM known_products)
