"""Fleets that write raw Parquet in a suite's schema."""
