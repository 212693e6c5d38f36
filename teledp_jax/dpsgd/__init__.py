"""DP-SGD: exact Poisson sampling, per-device clipping, training."""
