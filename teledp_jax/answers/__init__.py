"""Private answers to fixed questions, without synthetic data."""
