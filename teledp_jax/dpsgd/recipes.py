"""What one training by DP-SGD does, all of it public."""

import dataclasses
from typing import NamedTuple, Protocol, runtime_checkable

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


@runtime_checkable
class Choices(Protocol):
    """The settings that every method by DP-SGD has in its config; see `Recipe`."""

    @property
    def sampling_prob(self) -> float:
        """Probability of a device to be in a step."""
        ...

    @property
    def num_epochs(self) -> float:
        """Expected number of times that a device is drawn."""
        ...

    @property
    def micro_batch(self) -> int:
        """Devices in memory at once."""
        ...

    @property
    def clipping_path(self) -> str:
        """How the clipped sum is computed."""
        ...

    @property
    def averaging(self) -> float:
        """Share of the old average that a step keeps."""
        ...

    @property
    def checkpoint_every(self) -> int:
        """Steps between two checkpoints."""
        ...


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
    """Checks the settings of `Choices`.

    Args:
        fields: The config of a method.

    Raises:
        InputError: If one of them is out of its range.
    """
    fields.number("num_epochs", "micro_batch", "checkpoint_every", above=0)
    fields.number("sampling_prob", above=0, at_most=1)
    fields.number("averaging", at_least=0, below=1)
    fields.one_of("clipping_path", clipping.PATHS)


def cost(choices: Choices, num_parameters: int) -> Cost:
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
    choices: Choices,
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
