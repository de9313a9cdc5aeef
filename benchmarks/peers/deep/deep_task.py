"""What every deep peer does: Q-learning with a network on cart pole, with the settings that `fsq.Deep` has unasked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

INPUTS, ACTIONS = 4, 2
HIDDEN, BATCH = (120, 84), 128
STEP_SIZE, BETA_1, BETA_2, ADAM_EPSILON = 2.5e-4, 0.9, 0.999, 1e-8
DISCOUNT, TARGET_PERIOD = 0.99, 500
CAPACITY, LEARNING_STARTS, UPDATE_EVERY = 10_000, 10_000, 10
EPSILON_START, EPSILON_END, EXPLORING_SHARE = 1.0, 0.05, 0.5  # epsilon falls on a line over the first half
MAX_STEPS = 500
STEPS, POINTS = 500_000, 50


class Size(NamedTuple):
    """A network of two hidden layers, and how many transitions one update sees."""

    hidden: tuple[int, ...]
    batch: int

    @property
    def label(self) -> str:
        return f"update, {'-'.join(map(str, self.hidden))}, batch {self.batch}"

    @property
    def widths(self) -> tuple[int, ...]:
        return INPUTS, *self.hidden, ACTIONS


SIZES = (Size(HIDDEN, BATCH), Size((64, 64), 32), Size((256, 256), 128))


class Layer(NamedTuple):
    weights: NDArray[np.float32]  # [inputs, units]
    biases: NDArray[np.float32]  # [units]


Layers = tuple[Layer, ...]


class Transitions(NamedTuple):
    """Batches of what was seen, done and paid, each with the number of batches as its first dimension."""

    observations: NDArray[np.float32]  # [batches, batch, inputs]
    actions: NDArray[np.int32]
    rewards: NDArray[np.float32]
    following: NDArray[np.float32]
    terminated: NDArray[np.bool_]


def layers(size: Size, rng: np.random.Generator) -> Layers:
    """Weights and biases drawn evenly within 1/sqrt(inputs)."""

    def drawn(bound: float, *shape: int) -> NDArray[np.float32]:
        return rng.uniform(-bound, bound, shape).astype(np.float32)

    pairs = zip(size.widths[:-1], size.widths[1:], strict=True)
    return tuple(Layer(drawn(n**-0.5, n, units), drawn(n**-0.5, units)) for n, units in pairs)


def transitions(count: int, batch: int, rng: np.random.Generator) -> Transitions:
    """Batches as large as cart pole's numbers: no two alike, so that nothing can be worked out once for all."""
    shape = count, batch
    return Transitions(
        rng.normal(size=(*shape, INPUTS)).astype(np.float32),
        rng.integers(ACTIONS, size=shape, dtype=np.int32),
        np.ones(shape, np.float32),
        rng.normal(size=(*shape, INPUTS)).astype(np.float32),
        rng.random(shape) < 0.05,
    )


class Updates(Protocol):
    """Updates of one network, or of several side by side, from given weights: one for each batch of each network."""

    def __call__(self) -> None:
        """Do all of them, from the weights that the call before left."""

    def layers(self) -> list[Layers]:
        """The weights by now, of each network."""


class UpdatePeer(NamedTuple):
    """A way to write one update: target values, gradient of half the mean squared error, Adam."""

    name: str
    updates: Callable[[Sequence[Layers], Sequence[Layers], Sequence[Transitions]], Updates]  # online, target, batches
    missing: Callable[[], str | None] = lambda: None  # why it cannot run here, if it cannot
    networks: int = 1  # how many it updates side by side


class Progress(NamedTuple):
    """Episodes that ended between one point of the curve and the next."""

    returns: NDArray[np.float64]  # [seeds, points], the sum of their returns
    episodes: NDArray[np.int64]  # [seeds, points], how many


class Learning(Protocol):
    """Some seeds on cart pole, learned piece by piece."""

    def advance(self) -> None:
        """One piece of equal length; compiling is over by then."""

    def progress(self) -> Progress:
        """What was learned, once all pieces are done."""


class LearningPeer(NamedTuple):
    """A way to write the whole of it."""

    name: str
    learning: Callable[[Sequence[int], int, int, int], Learning]  # seeds, steps, points, pieces: all divide the steps
    missing: Callable[[], str | None] = lambda: None
    seeds_together: int = 1


def exploring_steps(steps: int) -> float:
    return EXPLORING_SHARE * steps


def epsilon(step: int, steps: int) -> float:
    fallen = (EPSILON_START - EPSILON_END) * step / exploring_steps(steps)
    return max(EPSILON_START - fallen, EPSILON_END)
