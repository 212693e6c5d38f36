/*
about: Makes a type of the known event types; text of this type is kept as a number.
reads: [known_event_types]
*/
CREATE TYPE event_kind AS ENUM (SELECT name FROM known_event_types)
