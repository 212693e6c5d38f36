"""The same SQL on real and synthetic tables, scored."""
