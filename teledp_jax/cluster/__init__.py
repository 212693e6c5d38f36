"""Processes of a fit, and the Ray cluster that aggregates by partitions."""
