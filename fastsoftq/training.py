"""train: very many runs of one agent in one environment, over threads, as learning curves; stream: block by block."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastsoftq import checks
from fastsoftq.agents.hyperparameters import checked
from fastsoftq.agents.rules import check_code
from fastsoftq.engine.curves import LearningCurves, curves_bytes
from fastsoftq.engine.dispatch import engine_for
from fastsoftq.engine.threads import Progress, run_on_threads
from fastsoftq.mdp.tables import tables
from fastsoftq.mdp.tabular import TabularMDP, checked_mdp
from fastsoftq.reward_scales import check_reward_scale, warn_below_critical
from fastsoftq.system.memory import check_memory

__all__ = ["Training", "stream", "train"]

PRECISIONS: dict[str, type[np.floating[Any]]] = {"double": np.float64, "mixed": np.float32}


def train(
    mdp: TabularMDP,
    agent: Any,
    seeds: int | ArrayLike,
    episodes: int,
    max_steps: int = 1000,
    *,
    precision: str = "double",
    threads: int | None = None,
    initial_q: ArrayLike | None = None,
    keep_q: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> LearningCurves:
    """Train an agent in an environment, once for each seed.

    What a run yields depends on the MDP, the agent, its seed, `episodes`, `max_steps`, `precision` and `initial_q`
    alone: not on threads, on the order or number of seeds, or on the machine. An episode that meets `max_steps` is
    truncated, not terminated: its last update still bootstraps.

    Parameters
    ----------
    mdp : TabularMDP
        The environment.
    agent : NamedTuple
        `QLearning`, `SoftQLearning`, ..., or one of your own.
    seeds : int or array_like of int, shape [seeds]
        A count (seeds 0, 1, ...) or the seeds themselves, each within 0..2**64 - 1 and none twice. Runs of different
        agents with the same seed draw the same random numbers.
    episodes : int
        Episodes of each run.
    max_steps : int
        The most steps an episode may take.
    precision : {"double", "mixed"}
        "mixed" takes exponentials in single precision; tables and sums are float64 always.
    threads : int, optional
        How many threads to use; all cores if not given.
    initial_q : array_like of float64, shape [states, actions] or [seeds, states, actions], optional
        What every table, or each run's, starts from; zeros if not given.
    keep_q : bool
        Keep the tables after the last episode, as `final_q`.
    progress : callable, optional
        Called in this thread with a `Progress`, some ten times a second and at the end.

    Returns
    -------
    LearningCurves
        Curves in the order of `seeds`.

    Raises
    ------
    TypeError
        An argument of the wrong kind.
    ValueError
        An argument out of bounds, seeds that repeat, an `initial_q` of the wrong shape or not finite, curves that need
        more memory than there is (13 bytes an episode; `stream` bounds it).

    Warns
    -----
    UserWarning
        Soft learning at or below the critical reward scale, where wandering pays (see `critical_reward_scale`), as far
        as that can be told by about a tenth of the training's own work.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> curves = fsq.train(fsq.cliff_walking(), fsq.QLearning(step_size=0.8, discount=0.95), seeds=4, episodes=50)
    >>> curves.returns.shape
    (4, 50)
    """
    if progress is not None and not callable(progress):
        raise TypeError(f"progress is {progress!r}; it must be a callable")
    training = Training.checked(mdp, agent, seeds, episodes, max_steps, precision, threads, initial_q, keep_q)
    training.check_memory("seeds", len(training.seeds), "take fewer seeds or episodes, or fastsoftq.stream")
    warn_below_critical(mdp, training.agent, training.most_steps)
    return training.curves(slice(None), progress)


def stream(
    mdp: TabularMDP,
    agent: Any,
    seeds: int | ArrayLike,
    episodes: int,
    max_steps: int = 1000,
    *,
    block: int = 4096,
    precision: str = "double",
    threads: int | None = None,
    initial_q: ArrayLike | None = None,
    keep_q: bool = False,
) -> Iterator[LearningCurves]:
    """Train as `train` does, and yield the curves of some seeds at a time, so that memory stays bounded.

    Put one after the other, the blocks are what `train` returns, bit for bit, whatever their size.

    Parameters
    ----------
    mdp, agent, seeds, episodes, max_steps, precision, threads, initial_q, keep_q
        As for `train`.
    block : int
        Seeds in each block; the last may have fewer. An episode of a run takes 13 bytes.

    Returns
    -------
    iterator of LearningCurves
        In the order of `seeds`. Leave it early to leave the rest undone.

    Raises
    ------
    TypeError, ValueError
        As `train`, at once rather than with the first block.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.QLearning(step_size=0.8, discount=0.95)
    >>> [len(curves.seeds) for curves in fsq.stream(fsq.cliff_walking(), agent, seeds=50, episodes=10, block=20)]
    [20, 20, 10]
    """
    size = checks.count("block", block)
    training = Training.checked(mdp, agent, seeds, episodes, max_steps, precision, threads, initial_q, keep_q)
    training.check_memory("block", min(size, len(training.seeds)), "take a smaller block or fewer episodes")
    warn_below_critical(mdp, training.agent, training.most_steps)
    training = replace(training, initial_q=training.initial_q.copy())  # it may be changed between blocks
    starts = range(0, len(training.seeds), size)
    return (training.curves(slice(start, start + size), None) for start in starts)


@dataclass(frozen=True)
class Training:
    """The arguments of `train`, checked."""

    mdp: TabularMDP
    agent: Any
    seeds: range | NDArray[np.uint64]
    episodes: int
    max_steps: int
    precision: str
    threads: int
    initial_q: NDArray[np.float64]
    keep_q: bool

    @classmethod
    def checked(
        cls,
        mdp: TabularMDP,
        agent: Any,
        seeds: int | ArrayLike,
        episodes: int,
        max_steps: int,
        precision: str,
        threads: int | None,
        initial_q: ArrayLike | None = None,
        keep_q: bool = False,
    ) -> Training:
        """Check the arguments, which are those of `train`."""
        checked_mdp(mdp)
        chosen = checked_seeds(seeds)
        agent = checked(agent)
        check_code(agent)
        check_reward_scale(mdp, agent)
        return cls(
            mdp=mdp,
            agent=agent,
            seeds=chosen,
            episodes=checks.count("episodes", episodes),
            max_steps=checks.count("max_steps", max_steps),
            precision=checks.choice("precision", precision, PRECISIONS),
            threads=checks.threads(threads),
            initial_q=_initial_tables(initial_q, mdp, len(chosen)),
            keep_q=checks.flag("keep_q", keep_q),
        )

    @property
    def most_steps(self) -> int:
        """How many steps all runs take at most."""
        return len(self.seeds) * self.episodes * self.max_steps

    def check_memory(self, name: str, seeds: int, advice: str) -> None:
        """Refuse what would not fit: the curves of so many seeds, as the argument `name` asks for them."""
        table = self.mdp.n_states * self.mdp.n_actions if self.keep_q else 0
        asked = f"{name} is {seeds}, which with {self.episodes} episodes each{' and tables' if self.keep_q else ''}"
        check_memory(asked, curves_bytes(seeds, self.episodes, table), advice)

    def curves(self, part: slice, progress: Callable[[Progress], None] | None) -> LearningCurves:
        """Train some of the seeds."""
        seeds = self.seeds[part]
        if isinstance(seeds, range):
            seeds = np.arange(seeds.start, seeds.stop, seeds.step, dtype=np.uint64)
        initial_q = self.initial_q[part] if len(self.initial_q) > 1 else self.initial_q
        like = PRECISIONS[self.precision]
        threads = min(self.threads, len(seeds))
        engine = engine_for(tables(self.mdp), self.agent, -(-len(seeds) // threads), self.max_steps, like)
        shape = (len(seeds), self.episodes)
        returns, lengths, truncated = np.empty(shape), np.empty(shape, np.int32), np.empty(shape, np.bool_)
        final_q = np.empty((len(seeds) if self.keep_q else 0, self.mdp.n_states, self.mdp.n_actions))
        run_on_threads(engine, seeds, initial_q, (returns, lengths, truncated, final_q), threads, progress)
        return LearningCurves(
            returns=returns,
            lengths=lengths,
            truncated=truncated,
            seeds=seeds,
            agent=self.agent,
            mdp=self.mdp.name,
            max_steps=self.max_steps,
            precision=self.precision,
            final_q=final_q if self.keep_q else None,
        )


def checked_seeds(seeds: int | ArrayLike) -> range | NDArray[np.uint64]:
    """The seeds from a count or a range, which takes no memory, or from the seeds themselves, as uint64 [seeds].

    Raises
    ------
    TypeError
        Not integers.
    ValueError
        None at all, negative ones, ones beyond 64 bits, or one that repeats.
    """
    if isinstance(seeds, range) and seeds and seeds.step > 0 and seeds.start >= 0 and seeds.stop <= sys.maxsize:
        return seeds
    array = _as_array(seeds)
    if array.ndim == 0:
        return range(checks.count("seeds", seeds, most=sys.maxsize))
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"seeds has dtype {array.dtype}; it must be a count or an array of integers")
    if array.ndim != 1 or len(array) == 0:
        raise ValueError(
            f"seeds has shape {array.shape}; it must be a count or one-dimensional, with at least one seed"
        )
    if array.dtype.kind == "i" and (array < 0).any():
        raise ValueError(f"seeds includes {array[array < 0][0]}; seeds must be at least 0 and below 2**64")
    values, counts = np.unique(array, return_counts=True)
    if (counts > 1).any():
        raise ValueError(f"seeds includes {values[counts > 1][0]} more than once; every run needs a seed of its own")
    return array.astype(np.uint64)


def _as_array(seeds: ArrayLike) -> NDArray[Any]:
    array = checks.array("seeds", seeds)
    if array.ndim == 1 and array.dtype.kind in "fO":
        exact = np.asarray(seeds, object)  # NumPy makes floats of integers that fit no type of its own together
        if all(isinstance(seed, Integral) and not isinstance(seed, bool) for seed in exact):
            outside = [seed for seed in exact if not 0 <= seed < 2**64]
            if outside:
                raise ValueError(f"seeds includes {outside[0]}; seeds must be at least 0 and below 2**64")
            return exact.astype(np.uint64)
    return array


def _initial_tables(initial_q: ArrayLike | None, mdp: TabularMDP, n_seeds: int) -> NDArray[np.float64]:
    shape = (mdp.n_states, mdp.n_actions)
    if initial_q is None:
        return np.zeros((1, *shape))
    values = checks.array("initial_q", initial_q, "iuf").astype(np.float64, copy=False)
    if values.shape not in (shape, (n_seeds, *shape)):
        raise ValueError(f"initial_q has shape {values.shape}; it must have shape {shape} or {(n_seeds, *shape)}")
    beyond = ~(np.abs(values) <= checks.LARGEST)
    if beyond.any():
        raise ValueError(f"initial_q includes {values[beyond][0]}; all must be finite and within ±{checks.LARGEST:g}")
    return np.ascontiguousarray(values.reshape(-1, *shape))
