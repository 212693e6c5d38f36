"""Aggregation and encoding on a Ray cluster: the same SQL, a partition at a time."""
