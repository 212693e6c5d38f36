"""Simulated laptops that write the raw tables of suite dca."""
