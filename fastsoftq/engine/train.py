"""train: very many runs of one agent in one environment, over threads, as learning curves."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastsoftq import checks
from fastsoftq.agents.hyperparameters import checked
from fastsoftq.engine.curves import LearningCurves
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["Progress", "train"]

PRECISIONS: dict[str, type[np.floating[Any]]] = {"double": np.float64, "mixed": np.float32}


class Progress(NamedTuple):
    """How far training has come."""

    runs: int  # done
    of_runs: int
    steps: int  # environment steps of the runs done


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
        A count (seeds 0, 1, ...) or the seeds themselves, each at least 0 and none twice. Runs of different agents
        with the same seed draw the same random numbers.
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
        Called in this thread with a `Progress` whenever some runs are done.

    Returns
    -------
    LearningCurves
        Curves in the order of `seeds`.

    Raises
    ------
    TypeError
        An argument of the wrong kind.
    ValueError
        An argument out of bounds, seeds that repeat, an `initial_q` of the wrong shape or not finite.

    Warns
    -----
    UserWarning
        Undiscounted-like soft learning below the critical reward scale, where wandering pays (`critical_reward_scale`).

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> curves = fsq.train(fsq.cliff_walking(), fsq.QLearning(step_size=0.8, discount=0.95), seeds=4, episodes=50)
    >>> curves.returns.shape
    (4, 50)
    """
    if not isinstance(mdp, TabularMDP):
        raise TypeError(f"mdp is {mdp!r}; it must be a TabularMDP, such as cliff_walking()")
    agent = checked(agent)
    seed_array = checked_seeds(seeds)
    episodes, max_steps = checks.count("episodes", episodes), checks.count("max_steps", max_steps)
    if max_steps > np.iinfo(np.int32).max:
        raise ValueError(f"max_steps is {max_steps}; it must be at most {np.iinfo(np.int32).max}")
    like = PRECISIONS[checks.choice("precision", precision, PRECISIONS)]
    threads = (os.cpu_count() or 1) if threads is None else checks.count("threads", threads)
    tables = _initial_tables(initial_q, mdp, len(seed_array))

    shape = (len(seed_array), episodes)
    returns, lengths, truncated = np.empty(shape), np.empty(shape, np.int32), np.empty(shape, np.bool_)
    final_q = np.empty((len(seed_array) if keep_q else 0, mdp.n_states, mdp.n_actions))
    work = _Work(mdp, agent, max_steps, like)

    def run(chunk: slice) -> slice:
        own = chunk if len(tables) > 1 else slice(None)
        out = returns[chunk], lengths[chunk], truncated[chunk], final_q[chunk]
        work.run(seed_array[chunk], tables[own], *out)
        return chunk

    done = steps = 0
    for chunk in _spread(run, work.chunks(len(seed_array), threads), threads, work.stop):
        done += chunk.stop - chunk.start
        if progress is not None:
            steps += int(lengths[chunk].sum(dtype=np.int64))
            progress(Progress(done, len(seed_array), steps))
    return LearningCurves(
        returns=returns,
        lengths=lengths,
        truncated=truncated,
        seeds=seed_array,
        agent=agent,
        mdp=mdp.name,
        max_steps=max_steps,
        precision=precision,
        final_q=final_q if keep_q else None,
    )


def checked_seeds(seeds: int | ArrayLike) -> NDArray[np.uint64]:
    """The seeds as uint64 [seeds], from a count or from the seeds themselves.

    Raises
    ------
    TypeError
        Not integers.
    ValueError
        None at all, negative ones, or one that repeats.
    """
    if np.ndim(seeds) == 0:
        return np.arange(
            checks.count("seeds", seeds if not isinstance(seeds, np.ndarray) else seeds[()]), dtype=np.uint64
        )
    array = np.asarray(seeds)
    if array.dtype.kind not in "iu":
        raise TypeError(f"seeds has dtype {array.dtype}; it must be a count or an array of integers")
    if array.ndim != 1 or len(array) == 0:
        raise ValueError(
            f"seeds has shape {array.shape}; it must be a count or one-dimensional, with at least one seed"
        )
    if array.dtype.kind == "i" and (array < 0).any():
        raise ValueError(f"seeds includes {array[array < 0][0]}; seeds must be at least 0")
    values, counts = np.unique(array, return_counts=True)
    if (counts > 1).any():
        raise ValueError(f"seeds includes {values[counts > 1][0]} more than once; every run needs a seed of its own")
    return array.astype(np.uint64)


def _initial_tables(initial_q: ArrayLike | None, mdp: TabularMDP, n_seeds: int) -> NDArray[np.float64]:
    shape = (mdp.n_states, mdp.n_actions)
    if initial_q is None:
        return np.zeros((1, *shape))
    tables = np.asarray(initial_q)
    if tables.dtype.kind not in "iuf":
        raise TypeError(f"initial_q has dtype {tables.dtype}; it must hold numbers")
    if tables.shape not in (shape, (n_seeds, *shape)):
        raise ValueError(f"initial_q has shape {tables.shape}; it must have shape {shape} or {(n_seeds, *shape)}")
    if not np.isfinite(tables).all():
        raise ValueError("initial_q includes a value that is not finite; all must be")
    return np.ascontiguousarray(tables.reshape(-1, *shape), np.float64)


class _Work:
    """The runs of one agent in one environment, in the engine that suits them."""

    def __init__(self, mdp: TabularMDP, agent: Any, max_steps: int, like: type[np.floating[Any]]) -> None:
        from fastsoftq.mdp.tables import tables

        self.stop = np.zeros(1, np.bool_)
        self._agent, self._max_steps, self._like = agent, max_steps, like
        self._tables = tables(mdp)
        # A row of few actions is a tuple, so that loops over it are unrolled; one of many an array.
        self._row: Any = (0.0,) * mdp.n_actions if mdp.n_actions <= 16 else np.zeros(mdp.n_actions)

    def chunks(self, n_seeds: int, threads: int) -> Iterator[slice]:
        """Parts of the seeds, small enough to keep all threads busy to the end and to stop soon."""
        size = max(1, min(16, n_seeds // (4 * threads)))
        return (slice(start, min(start + size, n_seeds)) for start in range(0, n_seeds, size))

    def run(self, seeds: NDArray[np.uint64], initial_q: NDArray[np.float64], *out: NDArray[Any]) -> None:
        """Train the runs of some seeds."""
        from fastsoftq.engine.episode import run_episodes

        run_episodes(
            self._agent, self._tables, seeds, self._max_steps, initial_q, self._row, self._like, self.stop, *out
        )


def _spread(
    run: Callable[[slice], slice], chunks: Iterator[slice], threads: int, stop: NDArray[np.bool_]
) -> Iterator[slice]:
    """Run chunks on threads and yield each when it is done; leaving early, as on Ctrl-C, stops them."""
    run(slice(0, 0))  # compiles, or loads what was compiled, once; threads would do so in turn
    with ThreadPoolExecutor(threads, thread_name_prefix="fastsoftq") as pool:
        pending: set[Future[slice]] = set()
        try:
            for chunk in chunks:
                pending.add(pool.submit(run, chunk))
                if len(pending) > 2 * threads:
                    done, pending = wait(pending, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            while pending:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        finally:
            stop[0] = True
            for future in pending:
                future.cancel()
