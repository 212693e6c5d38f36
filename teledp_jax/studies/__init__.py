"""Studies that the project reproduces."""
