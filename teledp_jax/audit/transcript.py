"""What the mechanisms of a fit were asked, and what they answered.

A fit touches private data through three doors: integers under noise, choices by the
exponential mechanism, and DP-SGD. A recorder stands in all three. It can answer a
second fit as it answered the first, which is how mechanisms compose: whatever was
released before, the next one may tell a device by so much and no more.
"""

import contextlib
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Key

from teledp_jax import arrays, base, keys
from teledp_jax.audit import cells as cells_lib
from teledp_jax.dpsgd import clipping, recipes, train, trainable
from teledp_jax.privacy import mechanisms, release

INTEGERS, CHOICE, TRAINING = "integers", "choice", "training"
_SPREAD = 0.1  # of the parameters that stand for those of a training


class Training(NamedTuple):
    """The arguments of one training by DP-SGD."""

    model: trainable.Model
    recipe: recipes.Recipe
    streams: keys.Keys
    codes: np.ndarray
    params: clipping.Params


class Call(NamedTuple):
    """One question to a mechanism.

    Attributes:
        kind: `INTEGERS`, `CHOICE` or `TRAINING`.
        exact: Exact integers or scores. Private, were the fleet real.
        noise: Sigma, range of the privacy loss, or noise multiplier.
        key: Data of the noise key.
        answer: What the method was told.
        training: Arguments of a training.
        cells: What the integers count, where that is private: by rows.
        chance: Probability that cells show which the fit before did not ask.
    """

    kind: str
    exact: np.ndarray
    noise: float
    key: bytes
    answer: Any
    training: Training | None = None
    cells: tuple[Hashable, ...] = ()
    chance: float = 0.0


class Transcript(NamedTuple):
    """All that a fit asked, and all that it left behind.

    Attributes:
        calls: Questions to mechanisms, in order.
        saved: Names and trees that went to the store, in order.
        shown: What progress was told, in order.
        fitted: What the fit returned; None if it failed.
        strayed: Where the fit did not go as the one that it was to repeat.
    """

    calls: list[Call]
    saved: list[tuple[str, base.Tree]]
    shown: list[tuple[int, int, dict[str, float]]]
    fitted: base.Tree | None
    strayed: list[str]


class _Store(base.MemoryStore):
    """A store that remembers all that was ever saved."""

    def __init__(self) -> None:
        super().__init__()
        self.saved: list[tuple[str, base.Tree]] = []

    def save(self, name: str, tree: base.Tree) -> None:
        """Keeps the tree."""
        super().save(name, tree)
        self.saved.append((name, tree))


class _Recorder:
    """Stands in front of the mechanisms."""

    def __init__(
        self,
        noise: base.IntegerNoise,
        answers: list[Call] | None,
        train_fit: Callable[..., clipping.Params] | None,
    ) -> None:
        self._noise, self._answers, self._train_fit = noise, answers, train_fit
        self._choose = mechanisms.exponential_choice
        self.calls: list[Call] = []
        self.strayed: list[str] = []

    def integers(
        self, key: Key[Array, ""], values: np.ndarray, sigma: float
    ) -> np.ndarray:
        """Takes the place of `Context.integer_noise`."""
        exact = np.array(values)
        return self._answer(
            Call(INTEGERS, exact, sigma, _data(key), None),
            lambda: release.add_noise(key, values, sigma, integer_noise=self._noise),
        )

    def cells(
        self,
        name: str,
        cells: Sequence[Hashable],
        counts: np.ndarray,
        *,
        key: Key[Array, ""],
        sigma: float,
        least: float,
        context: base.Context,
    ) -> np.ndarray:
        """Takes the place of `release.count_cells`; cells of one fit only do not show.

        The chance that they would is kept.
        """
        del name, context
        number, known = len(self.calls), tuple(cells)
        if self._answers is not None and number < len(self._answers):
            known = self._answers[number].cells
        matched = cells_lib.match(known, cells, counts)
        answer = self._answer(
            Call(
                INTEGERS,
                matched.exact,
                sigma,
                _data(key),
                None,
                cells=known,
                chance=cells_lib.chance(matched.own, sigma=sigma, least=least),
            ),
            lambda: release.add_noise(
                key, matched.exact, sigma, integer_noise=self._noise
            ),
        )
        return matched.told(answer)

    def choice(self, key: Key[Array, ""], scores: np.ndarray, *, epsilon: float) -> int:
        """Takes the place of `mechanisms.exponential_choice`."""
        return self._answer(
            Call(CHOICE, np.array(scores), epsilon, _data(key), None),
            lambda: self._choose(key, scores, epsilon=epsilon),
        )

    def training(
        self,
        model: trainable.Model,
        optimizer: optax.GradientTransformation,
        recipe: recipes.Recipe,
        streams: keys.Keys,
        codes: trainable.Codes,
        params: clipping.Params,
        context: base.Context,
        **options: Any,
    ) -> clipping.Params:
        """Takes the place of `train.fit`; answers with parameters that read no data."""
        found = Training(model, recipe, streams, np.asarray(codes), params)
        exact = np.concatenate(
            [np.asarray(leaf).ravel() for leaf in jax.tree.leaves(params)]
        )
        noise = recipe.noise_multiplier
        call = Call(TRAINING, exact, noise, _data(streams.noise), None, found)
        if self._train_fit is not None:
            run = self._train_fit
            return self._answer(
                call,
                lambda: run(
                    model,
                    optimizer,
                    recipe,
                    streams,
                    codes,
                    params,
                    context,
                    **options,
                ),
            )
        return self._answer(call, lambda: moved(params, streams.init))

    def _answer(self, call: Call, ask: Callable[[], Any]) -> Any:
        """The answer of before, if the question is of the same form."""
        number = len(self.calls)
        if self._answers is None:
            answer = ask()
        elif number >= len(self._answers):
            self.strayed.append(f"asks {call.kind} once more")
            answer = ask()
        else:
            before = self._answers[number]
            answer = before.answer
            if form(call) != form(before):
                self.strayed.append(f"question {number}: {form(call)} {form(before)}")
                answer = ask()
        self.calls.append(call._replace(answer=answer))
        return answer


def form(call: Call) -> tuple:
    """Returns all of a question but what it asks of the data."""
    return call.kind, call.exact.shape, call.noise, call.key


def noise_keys(call: Call) -> list[bytes]:
    """Lists data of the keys of all noise: a step of DP-SGD has its own."""
    if call.training is None:
        return [call.key]
    fold = jax.vmap(jax.random.fold_in, in_axes=(None, 0))
    steps = jnp.arange(call.training.recipe.num_steps)
    return [_data(key) for key in fold(call.training.streams.noise, steps)]


def moved(params: clipping.Params, key: Key[Array, ""]) -> clipping.Params:
    """Moves parameters some way off.

    Args:
        params: The parameters.
        key: Of the directions.

    Returns:
        Other parameters of the same shapes.
    """
    leaves, structure = jax.tree.flatten(params)
    parts = jax.random.split(key, len(leaves))
    return jax.tree.unflatten(
        structure,
        [
            leaf + jnp.float32(_SPREAD) * jax.random.normal(part, leaf.shape)
            for leaf, part in zip(leaves, parts, strict=True)
        ],
    )


def record(
    method: base.Synthesizer,
    devices: arrays.DeviceArrays,
    *,
    seed: int,
    noise: base.IntegerNoise = mechanisms.seeded_integer_noise,
    answers: list[Call] | None = None,
    trains: bool = False,
    questions: base.Questions | None = None,
) -> Transcript:
    """Fits a method and writes down what its mechanisms were asked.

    Args:
        method: The method.
        devices: The fleet.
        seed: Seed of all four keys of the fit.
        noise: Sampler of the discrete Gaussian.
        answers: Calls of a fit before, whose answers are given again.
        trains: Whether DP-SGD runs; else its place is taken by moved parameters.
        questions: What a method that tilts asks devices.

    Returns:
        The calls, what was saved and shown, and what the fit returned.
    """
    store = _Store()
    shown: list[tuple[int, int, dict[str, float]]] = []
    recorder = _Recorder(noise, answers, train.fit if trains else None)

    def progress(done: int, total: int, facts: Mapping[str, float]) -> None:
        shown.append((done, total, dict(facts)))

    fitted = None
    with _standing(recorder):
        try:
            fitted = method.fit(
                keys.split(*jax.random.split(jax.random.key(seed))),
                devices,
                base.Context(store, progress, recorder.integers, questions=questions),
            )
        except (ValueError, IndexError, KeyError) as error:
            recorder.strayed.append(f"stops with {type(error).__name__}: {error}")
    return Transcript(recorder.calls, store.saved, shown, fitted, recorder.strayed)


@contextlib.contextmanager
def _standing(recorder: _Recorder) -> Iterator[None]:
    """The doors that are not in the context lead to the recorder, for a while."""
    with (
        mock.patch.object(mechanisms, "exponential_choice", recorder.choice),
        mock.patch.object(release, "count_cells", recorder.cells),
        mock.patch.object(train, "fit", recorder.training),
    ):
        yield


def record_run(
    action: Callable[[], Mapping[str, bytes]],
    *,
    seed: int,
    answers: list[Call] | None = None,
    place: int | None = None,
) -> Transcript:
    """Runs a whole job and writes down what its mechanisms were asked.

    Keys come from a seed, and noise from the keys: two runs have equal randomness.

    Args:
        action: Runs the job; returns the files that it made, by their names.
        seed: Of all keys.
        answers: Calls of a run before, whose answers are given again.
        place: Index of the device that this run has more than the one before: the
            others keep what is drawn by their place.

    Returns:
        The calls, and the files in place of what a fit returned.
    """
    recorder = _Recorder(mechanisms.seeded_integer_noise, answers, None)
    generator = np.random.default_rng(seed)
    uniforms = keys.uniforms

    def draw() -> list[str]:
        return [generator.bytes(8).hex() for _ in range(2)]

    def by_place(key: Key[Array, ""], count: int, *, first: int = 0) -> np.ndarray:
        if place is None or not first <= place < first + count:
            return uniforms(key, count, first=first)
        return np.insert(uniforms(key, count - 1, first=first), place - first, 0.5)

    with (
        _standing(recorder),
        mock.patch.object(mechanisms, "secure_integer_noise", recorder.integers),
        mock.patch.object(keys, "draw", draw),
        mock.patch.object(keys, "uniforms", by_place),
    ):
        files = action()
    contents = {name: np.frombuffer(text, np.uint8) for name, text in files.items()}
    return Transcript(recorder.calls, [], [], contents, recorder.strayed)


def _data(key: Key[Array, ""]) -> bytes:
    """Data of a key."""
    return np.asarray(jax.random.key_data(key)).tobytes()
