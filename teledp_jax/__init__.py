"""Synthetic device telemetry under one device-level (epsilon, delta)."""
