"""train: very many runs of one agent in one environment, over threads, as learning curves; stream: block by block.

Tables and networks alike: a `Deep` agent is trained for steps, any other for episodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastsoftq import checks
from fastsoftq.agents.hyperparameters import checked
from fastsoftq.agents.rules import PRECISIONS, Agent, check_code
from fastsoftq.deep.deep_curves import DeepCurves
from fastsoftq.deep.deep_training import DeepTraining
from fastsoftq.deep.learner import Deep
from fastsoftq.engine.curves import LearningCurves, curves_bytes
from fastsoftq.engine.dispatch import checked_engine, engine_for
from fastsoftq.engine.gpu.several_cards import CPU, checked_device, gpus_of, run_on_gpus
from fastsoftq.engine.records import Output
from fastsoftq.engine.seeds import checked_seeds
from fastsoftq.engine.threads import Progress, run_on_threads
from fastsoftq.mdp.ends import warn_of_endless_starts
from fastsoftq.mdp.tables import tables
from fastsoftq.mdp.tabular import TabularMDP, checked_mdp
from fastsoftq.reward_scales import check_reward_scale, warn_below_critical
from fastsoftq.system.memory import check_memory

__all__ = ["Training", "stream", "train"]


@overload
def train(
    mdp: Any,
    agent: Deep,
    seeds: int | ArrayLike,
    *,
    steps: int,
    max_steps: int | None = None,
    points: int = 100,
    precision: str = "double",
    threads: int | None = None,
    keep_parameters: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> DeepCurves: ...


@overload
def train(
    mdp: TabularMDP,
    agent: Agent,
    seeds: int | ArrayLike,
    episodes: int,
    max_steps: int | None = None,
    *,
    precision: str = "double",
    threads: int | None = None,
    initial_q: ArrayLike | None = None,
    keep_q: bool = False,
    checkpoints: Sequence[int] = (),
    device: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> LearningCurves: ...


def train(
    mdp: Any,
    agent: Any,
    seeds: int | ArrayLike,
    episodes: int | None = None,
    max_steps: int | None = None,
    *,
    steps: int | None = None,
    points: int | None = None,
    precision: str = "double",
    threads: int | None = None,
    initial_q: ArrayLike | None = None,
    keep_q: bool = False,
    keep_parameters: bool = False,
    checkpoints: Sequence[int] = (),
    device: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> LearningCurves | DeepCurves:
    """Train an agent in an environment, once for each seed.

    What a run yields depends on the environment, the agent, its seed, `episodes` or `steps`, `max_steps`, `precision`
    and `initial_q` alone: not on threads, on the order or number of seeds, or on the machine. An episode that meets
    `max_steps` is truncated, not terminated: its last update still bootstraps.

    Parameters
    ----------
    mdp : TabularMDP
        The environment. For a deep agent any environment, such as `cart_pole()`; it sees a TabularMDP one-hot.
    agent : NamedTuple
        `QLearning`, `SoftQLearning`, ..., one of your own, or `Deep` with one of these in it.
    seeds : int or array_like of int, shape [seeds]
        A count (seeds 0, 1, ...) or the seeds themselves, each within 0..2**64 - 1 and none twice. Runs of different
        agents with the same seed draw the same random numbers.
    episodes : int
        Episodes of each run; of a deep agent `steps`.
    max_steps : int, optional
        The most steps an episode may take; 1000 if not given, or the environment's own limit for a deep agent.
    steps : int
        Environment steps of each run of a deep agent.
    points : int
        On how many points, evenly over the steps, a deep agent's curves are; 100 if not given.
    precision : {"double", "mixed"}
        "mixed" takes exponentials in single precision; tables and sums are float64 always.
    threads : int, optional
        How many threads to use; one for each processor that this process may use if not given.
    initial_q : array_like of float64, shape [states, actions] or [seeds, states, actions], optional
        What every table, or each run's, starts from; zeros if not given.
    keep_q : bool
        Keep the tables after the last episode, as `final_q`.
    keep_parameters : bool
        Keep the parameters that a deep agent's networks end with, as `parameters`.
    checkpoints : sequence of int
        Keep the tables after so many episodes too, as `checkpoint_q`: ascending, each within 1..`episodes`. Nothing
        else of a run depends on it.
    device : str, optional
        Where to train: "cpu", as if not given; "cuda", all GPUs of this machine, or one, "cuda:0", "cuda:1", ... (see
        `fastsoftq.devices`). The curves have the same bits.
    progress : callable, optional
        Called in this thread with a `Progress`, some ten times a second and at the end.

    Returns
    -------
    LearningCurves or, of a deep agent, DeepCurves
        Curves in the order of `seeds`.

    Raises
    ------
    TypeError
        An argument that is not of the type above, or that the agent has no use for.
    ValueError
        An argument out of bounds, seeds that repeat, checkpoints that do not ascend, an `initial_q` of the wrong shape
        or not finite, curves that need more memory than there is (13 bytes an episode; `stream` bounds it), an MDP that
        the device cannot train in.
    RuntimeError
        A GPU that is missing, too old or full, or cannot be used; the message says what to do.

    Warns
    -----
    UserWarning
        Soft learning at or below the critical reward scale, where wandering pays (see `critical_reward_scale`), as far
        as that can be told by about a tenth of the training's own work. A start from which no terminal outcome can be
        reached, in an MDP that has some.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> curves = fsq.train(fsq.cliff_walking(), fsq.QLearning(step_size=0.8, discount=0.95), seeds=4, episodes=50)
    >>> curves.returns.shape
    (4, 50)
    >>> deep = fsq.Deep(fsq.QLearning(step_size=1e-3, discount=0.99), network=fsq.MLP((32,)))
    >>> fsq.train(fsq.cart_pole(), deep, seeds=2, steps=500, points=5).returns.shape
    (2, 5)
    """
    if progress is not None and not callable(progress):
        raise TypeError(f"progress is {progress!r}; it must be a callable")
    if isinstance(agent, Deep):
        for_tables = {"episodes": episodes, "initial_q": initial_q, "keep_q": keep_q, "checkpoints": checkpoints}
        deep = _deep_training(
            mdp,
            agent,
            seeds,
            steps,
            max_steps,
            points,
            precision,
            threads,
            keep_parameters,
            {**for_tables, "device": device},
        )
        deep.check_memory("seeds", len(deep.seeds), "take fewer seeds, threads or points, or a smaller buffer")
        return deep.curves(progress=progress)
    _check_unused("a tabular agent", {"steps": steps, "points": points, "keep_parameters": keep_parameters})
    training = _tabular_training(
        mdp, agent, seeds, episodes, max_steps, precision, threads, initial_q, keep_q, checkpoints, device
    )
    training.check_memory("seeds", len(training.seeds), "take fewer seeds or episodes, or fastsoftq.stream")
    warn_of_endless_starts(mdp)
    warn_below_critical(mdp, training.agent, training.most_steps)
    return training.curves(progress=progress)


@overload
def stream(
    mdp: Any,
    agent: Deep,
    seeds: int | ArrayLike,
    *,
    steps: int,
    max_steps: int | None = None,
    points: int = 100,
    block: int = 4096,
    precision: str = "double",
    threads: int | None = None,
    keep_parameters: bool = False,
) -> Iterator[DeepCurves]: ...


@overload
def stream(
    mdp: TabularMDP,
    agent: Agent,
    seeds: int | ArrayLike,
    episodes: int,
    max_steps: int | None = None,
    *,
    block: int = 4096,
    precision: str = "double",
    threads: int | None = None,
    initial_q: ArrayLike | None = None,
    keep_q: bool = False,
    checkpoints: Sequence[int] = (),
    device: str | None = None,
) -> Iterator[LearningCurves]: ...


def stream(
    mdp: Any,
    agent: Any,
    seeds: int | ArrayLike,
    episodes: int | None = None,
    max_steps: int | None = None,
    *,
    steps: int | None = None,
    points: int | None = None,
    block: int = 4096,
    precision: str = "double",
    threads: int | None = None,
    initial_q: ArrayLike | None = None,
    keep_q: bool = False,
    keep_parameters: bool = False,
    checkpoints: Sequence[int] = (),
    device: str | None = None,
) -> Iterator[LearningCurves] | Iterator[DeepCurves]:
    """Train as `train` does, and yield the curves of some seeds at a time, so that memory stays bounded.

    Put one after the other, the blocks are what `train` returns, bit for bit, whatever their size.

    Parameters
    ----------
    mdp, agent, seeds, episodes, max_steps, steps, points, precision, threads, initial_q, keep_q, keep_parameters, \
checkpoints, device
        As for `train`.
    block : int
        Seeds in each block; the last may have fewer. An episode of a run takes 13 bytes.

    Returns
    -------
    iterator of LearningCurves or DeepCurves
        In the order of `seeds`. Leave it early to leave the rest undone.

    Raises
    ------
    TypeError, ValueError, RuntimeError
        As `train`, at once rather than with the first block.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.QLearning(step_size=0.8, discount=0.95)
    >>> [len(curves.seeds) for curves in fsq.stream(fsq.cliff_walking(), agent, seeds=50, episodes=10, block=20)]
    [20, 20, 10]
    """
    size = checks.count("block", block)
    if isinstance(agent, Deep):
        for_tables = {"episodes": episodes, "initial_q": initial_q, "keep_q": keep_q, "checkpoints": checkpoints}
        deep = _deep_training(
            mdp,
            agent,
            seeds,
            steps,
            max_steps,
            points,
            precision,
            threads,
            keep_parameters,
            {**for_tables, "device": device},
        )
        deep.check_memory("block", min(size, len(deep.seeds)), "take a smaller block, fewer threads or points")
        return (deep.curves(slice(start, start + size)) for start in range(0, len(deep.seeds), size))
    _check_unused("a tabular agent", {"steps": steps, "points": points, "keep_parameters": keep_parameters})
    training = _tabular_training(
        mdp, agent, seeds, episodes, max_steps, precision, threads, initial_q, keep_q, checkpoints, device
    )
    training.check_memory("block", min(size, len(training.seeds)), "take a smaller block or fewer episodes")
    warn_of_endless_starts(mdp)
    warn_below_critical(mdp, training.agent, training.most_steps)
    if training.initial_q is not None:
        training = replace(training, initial_q=training.initial_q.copy())  # it may be changed between blocks
    starts = range(0, len(training.seeds), size)
    return (training.curves(slice(start, start + size)) for start in starts)


def _tabular_training(
    mdp: Any, agent: Any, seeds: int | ArrayLike, episodes: int | None, max_steps: int | None, *others: Any
) -> Training:
    """The training of a tabular agent."""
    if episodes is None:
        raise TypeError("episodes is None; it must be a count, unless the agent is a Deep, which takes steps")
    precision, threads, initial_q, keep_q, checkpoints, device = others
    most = 1000 if max_steps is None else max_steps
    return Training.checked(
        mdp, agent, seeds, episodes, most, precision, threads, initial_q, keep_q, checkpoints, device=device
    )


def _deep_training(
    environment: Any,
    agent: Deep,
    seeds: int | ArrayLike,
    steps: int | None,
    max_steps: int | None,
    points: int | None,
    precision: str,
    threads: int | None,
    keep_parameters: bool,
    unused: Mapping[str, Any],
) -> DeepTraining:
    """The training of a deep agent; `unused` are the arguments of tabular ones, and their defaults refused."""
    _check_unused("a Deep agent", unused)
    if steps is None:
        raise TypeError("steps is None; it must be a count: a Deep agent is trained for steps, not episodes")
    # Of few steps so many points as there are steps.
    on = min(100, checks.count("steps", steps)) if points is None else points
    return DeepTraining.checked(environment, agent, seeds, steps, max_steps, on, precision, threads, keep_parameters)


def _check_unused(agent: str, given: Mapping[str, Any]) -> None:
    """Refuse arguments that an agent has no use for."""
    for name, value in given.items():
        if not (value is None or value is False or (isinstance(value, tuple) and value == ()) or value == "cpu"):
            raise TypeError(f"{name} is {value!r}; {agent} has no use for it, so it must not be given")


@dataclass(frozen=True, eq=False)
class Training:
    """The arguments of `train`, checked when one is made.

    Parameters
    ----------
    mdp, agent, seeds, episodes, max_steps, precision, threads, initial_q, keep_q, checkpoints
        As for `train`.
    engine : {"one_run", "lanes", "lanes_16", "lanes_32", "lanes_64"}, optional
        The loop that trains: one run at a time, or in lockstep as many as suit the MDP, or as the name says; the
        fastest if not given. All give the same bits.
    device : str, optional
        As for `train`.

    Raises
    ------
    TypeError, ValueError, RuntimeError
        As `train`; an engine that is unknown, or lanes for an MDP that is too large for them.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> training = Training.checked(fsq.cliff_walking(), fsq.QLearning(0.8, 0.95), seeds=3, episodes=10)
    >>> training.curves().returns.shape
    (3, 10)
    """

    mdp: TabularMDP
    agent: Agent
    seeds: range | NDArray[np.uint64]
    episodes: int
    max_steps: int = 1000
    precision: str = "double"
    threads: int | None = None
    initial_q: NDArray[np.float64] | None = None
    keep_q: bool = False
    checkpoints: tuple[int, ...] = ()
    engine: str | None = None
    device: str | None = None

    @classmethod
    def checked(cls, *arguments: Any, **options: Any) -> Training:
        """Make one from a user's arguments."""
        return cls(*arguments, **options)

    def __post_init__(self) -> None:
        def fix(field: str, value: Any) -> None:
            object.__setattr__(self, field, value)

        mdp = checked_mdp(self.mdp)
        fix("seeds", checked_seeds(self.seeds))
        fix("agent", checked(self.agent))
        check_code(self.agent)
        check_reward_scale(mdp, self.agent)
        fix("episodes", checks.count("episodes", self.episodes))
        fix("max_steps", checks.count("max_steps", self.max_steps))
        fix("precision", checks.choice("precision", self.precision, PRECISIONS))
        fix("threads", checks.threads(self.threads))
        fix("initial_q", _initial_tables(self.initial_q, mdp, len(self.seeds)))
        fix("keep_q", checks.flag("keep_q", self.keep_q))
        fix("checkpoints", checks.ascending_counts("checkpoints", self.checkpoints, most=self.episodes))
        fix("engine", checked_engine(self.engine, mdp))
        fix("device", checked_device(self.device, mdp))

    @property
    def most_steps(self) -> int:
        """How many steps all runs take at most."""
        return len(self.seeds) * self.episodes * self.max_steps

    @property
    def kept(self) -> list[int]:
        """After how many episodes tables are kept, ascending."""
        return sorted({*self.checkpoints, *([self.episodes] if self.keep_q else ())})

    def check_memory(self, name: str, seeds: int, advice: str) -> None:
        """Refuse what would not fit: the curves of so many seeds, as the argument `name` asks for them."""
        tables = len(self.kept)
        asked = f"{name} is {seeds}, which with {self.episodes} episodes each{' and tables' if tables else ''}"
        numbers = tables * self.mdp.n_states * self.mdp.n_actions
        check_memory(asked, curves_bytes(seeds, self.episodes, numbers), advice)

    def curves(self, part: slice = slice(None), progress: Callable[[Progress], None] | None = None) -> LearningCurves:
        """Train some of the seeds, all of them if not told which; `progress` as for `train`."""
        seeds = self.seeds[part]
        if isinstance(seeds, range):
            seeds = np.arange(seeds.start, seeds.stop, seeds.step, dtype=np.uint64)
        table = (self.mdp.n_states, self.mdp.n_actions)
        initial_q = np.zeros(table) if self.initial_q is None else self.initial_q
        initial_q = initial_q[None] if initial_q.ndim == 2 else initial_q[part]
        out = self._room(len(seeds))
        like = PRECISIONS[self.precision]
        if self.device != CPU:
            assert self.device is not None
            run_on_gpus(
                gpus_of(self.device), self.mdp, self.agent, like, seeds, initial_q, self.max_steps, out, progress
            )
        else:
            threads = min(checks.threads(self.threads), len(seeds))
            engine = engine_for(tables(self.mdp), self.agent, -(-len(seeds) // threads), like, self.engine)
            run_on_threads(engine, seeds, initial_q, self.max_steps, out, threads, progress)
        return LearningCurves(
            returns=out.returns,
            lengths=out.lengths,
            truncated=out.truncated,
            seeds=seeds,
            agent=self.agent,
            mdp=self.mdp.name,
            max_steps=self.max_steps,
            precision=self.precision,
            final_q=out.tables[:, -1] if self.keep_q else None,
            checkpoints=self.checkpoints,
            checkpoint_q=out.tables[:, : len(self.checkpoints)] if self.checkpoints else None,
        )

    def _room(self, seeds: int) -> Output:
        """Where the curves and tables of so many seeds go."""
        kept = np.full(self.episodes if self.kept else 0, -1)
        kept[[episode - 1 for episode in self.kept]] = np.arange(len(self.kept))
        shape = (seeds, self.episodes)
        return Output(
            returns=np.empty(shape),
            lengths=np.empty(shape, np.int32),
            truncated=np.empty(shape, np.bool_),
            kept=kept,
            tables=np.empty((seeds if self.kept else 0, len(self.kept), self.mdp.n_states, self.mdp.n_actions)),
        )


def _initial_tables(initial_q: ArrayLike | None, mdp: TabularMDP, n_seeds: int) -> NDArray[np.float64] | None:
    if initial_q is None:
        return None
    shape = (mdp.n_states, mdp.n_actions)
    values = checks.array("initial_q", initial_q, "iuf").astype(np.float64, copy=False)
    if values.shape not in (shape, (n_seeds, *shape)):
        raise ValueError(f"initial_q has shape {values.shape}; it must have shape {shape} or {(n_seeds, *shape)}")
    beyond = ~(np.abs(values) <= checks.LARGEST)
    if beyond.any():
        raise ValueError(f"initial_q includes {values[beyond][0]}; all must be finite and within ±{checks.LARGEST:g}")
    # Writeable, as loops are compiled for it, though they write nothing there.
    return np.require(values, requirements=["C", "W"])
