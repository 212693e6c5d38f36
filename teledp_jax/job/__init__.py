"""One run: its settings, its stages, and the folder that they fill."""
