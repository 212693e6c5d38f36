"""Generative models of a flattened device record."""
