"""What one training by DP-SGD does, all of it public."""

import dataclasses
from typing import NamedTuple

from teledp_jax.dpsgd import clipping, gaussian, sampling
from teledp_jax.privacy import checks


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a run of DP-SGD does, all of it public.

    Attributes:
        sampling_prob: Probability of a device to be in a step: see
            `sampling.exact_probability`, which is what to account.
        num_steps: Number of steps.
        expected_batch_size: What the noisy sum is divided by, in devices.
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

    @property
    def facts(self) -> dict[str, float | int]:
        """Returns sizes to show with results."""
        return {
            "num_steps": self.num_steps,
            "expected_batch_size": self.expected_batch_size,
        }


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training:
    """Settings of a training by DP-SGD; see `Recipe`.

    Attributes:
        sampling_prob: Probability of a device to be in a step.
        num_epochs: Expected number of times that a device is drawn.
        averaging: Share of the old in the running average of parameters; 0: none.
        micro_batch: Devices in memory at once.
        clipping_path: `fast`, `vmap` or `loop`: how the clipped sum is computed.
        checkpoint_every: Steps between checkpoints.
    """

    sampling_prob: float = 0.04
    num_epochs: float = 10.0
    averaging: float = 0.98
    micro_batch: int = 512
    clipping_path: str = "fast"
    checkpoint_every: int = 50


class Cost(NamedTuple):
    """What an accountant must know of a training, besides its noise multiplier.

    Attributes:
        num_steps: Number of steps.
        sampling_prob: Probability of a device to be in a step, as it is drawn.
        inexactness: Total variation between the noise that is drawn and Gaussian noise,
            over all steps: see `gaussian.failure_probability`.
    """

    num_steps: int
    sampling_prob: float
    inexactness: float


def check(fields: checks.Fields) -> None:
    """Checks the settings of `Training`.

    Args:
        fields: The config of a method.

    Raises:
        InputError: If one of them is out of its range.
    """
    fields.number("num_epochs", "micro_batch", "checkpoint_every", above=0)
    fields.number("sampling_prob", above=0, at_most=1)
    fields.number("averaging", at_least=0, below=1)
    fields.one_of("clipping_path", clipping.PATHS)


def cost(choices: Training, num_parameters: int) -> Cost:
    """Returns what to account for a training.

    Args:
        choices: Config of the method.
        num_parameters: Numbers that each step adds noise to.

    Returns:
        What `privacy.split.Steps` needs.
    """
    num_steps = sampling.num_steps(choices.num_epochs, choices.sampling_prob)
    return Cost(
        num_steps=num_steps,
        sampling_prob=sampling.exact_probability(choices.sampling_prob),
        inexactness=gaussian.failure_probability(num_parameters, num_steps),
    )


def planned(
    choices: Training,
    *,
    num_devices: int,
    noise_multiplier: float,
    l2_clip_norm: float,
    normalise: bool,
) -> Recipe:
    """Makes the recipe that a config asks for.

    Args:
        choices: Config of the method.
        num_devices: Noisy size of the fleet.
        noise_multiplier: Noise standard deviation per unit of the clip norm.
        l2_clip_norm: As in `clipping.Clip`.
        normalise: As in `clipping.Clip`.

    Returns:
        The recipe.
    """
    probability = choices.sampling_prob
    return Recipe(
        sampling_prob=probability,
        num_steps=sampling.num_steps(choices.num_epochs, probability),
        expected_batch_size=sampling.expected_batch(probability, num_devices),
        noise_multiplier=noise_multiplier,
        clip=clipping.Clip(
            l2_clip_norm=l2_clip_norm, normalise=normalise, path=choices.clipping_path
        ),
        micro_batch=choices.micro_batch,
        averaging=choices.averaging,
        checkpoint_every=choices.checkpoint_every,
    )
