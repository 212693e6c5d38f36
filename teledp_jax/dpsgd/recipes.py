"""What one training by DP-SGD does, all of it public."""

import dataclasses

from teledp_jax.dpsgd import clipping


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a run of DP-SGD does, all of it public.

    Attributes:
        sampling_prob: Probability of a device to be in a step: see
            `sampling.exact_probability`, which is what to account.
        num_steps: Number of steps.
        expected_batch_size: What the noisy sum is divided by.
        noise_multiplier: Noise standard deviation per unit of `clip.l2_clip_norm`.
        clip: How gradients are bounded.
        micro_batch: Devices whose activations are in memory at once.
        averaging: Share of the old average that a step keeps in the average of
            parameters; 0 gives the last parameters.
        checkpoint_every: Steps between two checkpoints.
    """

    sampling_prob: float
    num_steps: int
    expected_batch_size: float
    noise_multiplier: float
    clip: clipping.Clip
    micro_batch: int
    averaging: float
    checkpoint_every: int
