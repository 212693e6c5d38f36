"""Noisy marginals and what is drawn from them."""
