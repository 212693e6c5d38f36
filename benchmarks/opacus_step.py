"""A step of Opacus on the published kind of VAE, for `dpsgd_step.py`."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import published_vae


def make(
    mode: str,
    codes: np.ndarray,
    *,
    micro_batch: int,
    clip_norm: float,
    stddev: float,
    rate: float,
) -> Callable[[], None]:
    """A step on all records: forward, clip, noise, Adam.

    Args:
        mode: `ghost` (norms first, then a second backward pass) or `hooks` (a gradient
            for each device).
        codes: Records, which enter as one-hot features.
        micro_batch: Devices at once.
        clip_norm: Bound of each device's gradient.
        stddev: Noise standard deviation.
        rate: Learning rate.
    """
    import opacus
    import torch
    from opacus.utils import fast_gradient_clipping_utils

    torch.manual_seed(0)
    ghost = mode == "ghost"
    module: Any = (
        opacus.grad_sample.GradSampleModuleFastGradientClipping(
            _network(torch), max_grad_norm=clip_norm, use_ghost_clipping=True
        )
        if ghost
        else opacus.GradSampleModule(_network(torch))
    )
    kind = (
        opacus.optimizers.DPOptimizerFastGradientClipping
        if ghost
        else opacus.optimizers.DPOptimizer
    )
    optimizer = kind(
        torch.optim.Adam(module.parameters(), lr=rate),
        noise_multiplier=stddev / clip_norm,
        max_grad_norm=clip_norm,
        expected_batch_size=len(codes),
    )
    criterion: Any = _criterion(torch)
    if ghost:
        criterion = fast_gradient_clipping_utils.DPLossFastGradientClipping(
            module, optimizer, criterion, "mean"
        )
    data = torch.from_numpy(_one_hot(codes))

    def step() -> None:
        for i in range(0, len(data), micro_batch):
            part = data[i : i + micro_batch]
            optimizer.signal_skip_step(do_skip=i + micro_batch < len(data))
            criterion(module(part), part).backward()
            optimizer.step()
            optimizer.zero_grad()

    return step


def _one_hot(codes: np.ndarray) -> np.ndarray:
    """Features of the records."""
    return np.concatenate(
        [
            np.eye(size, dtype=np.float32)[codes[:, i]]
            for i, size in enumerate(published_vae.shape().sizes)
        ],
        axis=1,
    )


def _network(torch: Any) -> Any:
    """The network, which returns logits and each term of the divergence."""
    sizes, hidden, latent = published_vae.shape()
    size = sum(sizes)

    def chain(widths: tuple[int, ...]) -> Any:
        pairs = itertools.pairwise(widths)
        return torch.nn.ModuleList(torch.nn.Linear(*pair) for pair in pairs)

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down = chain((size, *hidden))
            self.both = torch.nn.Linear(hidden[-1], 2 * latent)
            self.up = chain((latent, *reversed(hidden)))
            self.out = torch.nn.Linear(hidden[0], size)

        def forward(self, x: Any) -> Any:
            y = x
            for layer in self.down:
                y = torch.nn.functional.silu(layer(y))
            mean, log_variance = self.both(y).chunk(2, dim=1)
            y = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
            for layer in self.up:
                y = torch.nn.functional.silu(layer(y))
            divergence = mean**2 + torch.exp(log_variance) - 1 - log_variance
            return torch.cat([self.out(y), 0.5 * divergence], dim=1)

    return Network()


def _criterion(torch: Any) -> Any:
    """Loss of a batch, or of each of its devices where `reduction` says so."""

    class Criterion:
        reduction = "mean"

        def __call__(self, output: Any, x: Any) -> Any:
            logits, divergence = output[:, : x.shape[1]], output[:, x.shape[1] :]
            entropy = torch.nn.functional.binary_cross_entropy_with_logits(
                logits, x, reduction="none"
            )
            each = entropy.sum(1) + divergence.sum(1)
            return each if self.reduction == "none" else each.mean()

    return Criterion()
