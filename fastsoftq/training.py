"""train: very many runs of one agent in one environment, over threads, as learning curves; stream: block by block.

Tables and networks alike: a `Deep` agent is trained for steps, any other for episodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

from numpy.typing import ArrayLike

from fastsoftq import checks
from fastsoftq.agents.hyperparameters import checked
from fastsoftq.agents.rules import Agent
from fastsoftq.deep.learner import Deep
from fastsoftq.engine.curves import LearningCurves
from fastsoftq.engine.threads import Progress
from fastsoftq.mdp.changing import EpisodicMDP
from fastsoftq.mdp.ends import warn_of_endless_starts
from fastsoftq.reward_scales import warn_below_critical
from fastsoftq.tabular_training import Training

if TYPE_CHECKING:
    from fastsoftq.deep.deep_curves import DeepCurves
    from fastsoftq.deep.deep_training import DeepTraining

__all__ = ["stream", "train"]


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
    initial_parameters: ArrayLike | None = None,
    keep_parameters: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> DeepCurves: ...


@overload
def train(
    mdp: EpisodicMDP,
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
    initial_parameters: ArrayLike | None = None,
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
    mdp : TabularMDP or ChangingMDP
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
        What every table, or each run's, starts from; zeros if not given, or the value of an `OptimisticStart`.
    keep_q : bool
        Keep the tables after the last episode, as `final_q`.
    initial_parameters : array_like of float32, shape [parameters] or [seeds, parameters], optional
        What a deep agent's networks, or each run's, start from, as `parameters` of earlier curves; drawn if not given.
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
        the device cannot train in, an agent that it cannot train: GPUs train none that keeps arrays of its own.
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
    >>> hard = fsq.QLearning(step_size=1e-3, discount=0.99)
    >>> deep = fsq.Deep(hard, network=fsq.MLP((32,)), replay=fsq.Replay(batch=32, start=100))
    >>> fsq.train(fsq.cart_pole(), deep, seeds=2, steps=500, points=5).returns.shape
    (2, 5)
    """
    if progress is not None and not callable(progress):
        raise TypeError(f"progress is {checks.shown(progress)}; it must be a callable")
    training = _checked(
        mdp,
        agent,
        seeds,
        max_steps,
        precision,
        threads,
        {"episodes": episodes, "initial_q": initial_q, "keep_q": keep_q, "checkpoints": checkpoints, "device": device},
        {
            "steps": steps,
            "points": points,
            "initial_parameters": initial_parameters,
            "keep_parameters": keep_parameters,
        },
    )
    if not isinstance(training, Training):
        training.check_memory("seeds", len(training.seeds), "take fewer seeds, threads or points, or a smaller buffer")
        return training.curves(progress=progress)
    training.check_memory("seeds", len(training.seeds), "take fewer seeds or episodes, or fastsoftq.stream")
    warn_of_endless_starts(training.mdp)
    warn_below_critical(training.mdp, training.agent, training.most_steps)
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
    initial_parameters: ArrayLike | None = None,
    keep_parameters: bool = False,
) -> Iterator[DeepCurves]: ...


@overload
def stream(
    mdp: EpisodicMDP,
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
    initial_parameters: ArrayLike | None = None,
    keep_parameters: bool = False,
    checkpoints: Sequence[int] = (),
    device: str | None = None,
) -> Iterator[LearningCurves] | Iterator[DeepCurves]:
    """Train as `train` does, and yield the curves of some seeds at a time, so that memory stays bounded.

    Put one after the other, the blocks are what `train` returns, bit for bit, whatever their size.

    Parameters
    ----------
    mdp, agent, seeds, episodes, max_steps, steps, points, precision, threads, initial_q, keep_q, initial_parameters, \
keep_parameters, checkpoints, device
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
    training = _checked(
        mdp,
        agent,
        seeds,
        max_steps,
        precision,
        threads,
        {"episodes": episodes, "initial_q": initial_q, "keep_q": keep_q, "checkpoints": checkpoints, "device": device},
        {
            "steps": steps,
            "points": points,
            "initial_parameters": initial_parameters,
            "keep_parameters": keep_parameters,
        },
    )
    starts = range(0, len(training.seeds), size)
    if not isinstance(training, Training):
        deep = training
        deep.check_memory("block", min(size, len(deep.seeds)), "take a smaller block, fewer threads or points")
        return (deep.curves(slice(start, start + size)) for start in starts)
    training.check_memory("block", min(size, len(training.seeds)), "take a smaller block or fewer episodes")
    warn_of_endless_starts(training.mdp)
    warn_below_critical(training.mdp, training.agent, training.most_steps)
    tabular = training
    if tabular.initial_q is not None:
        tabular = replace(tabular, initial_q=tabular.initial_q.copy())  # it may be changed between blocks
    return (tabular.curves(slice(start, start + size)) for start in starts)


def _checked(
    mdp: Any,
    agent: Any,
    seeds: int | ArrayLike,
    max_steps: int | None,
    precision: str,
    threads: int | None,
    for_tables: Mapping[str, Any],
    for_networks: Mapping[str, Any],
) -> Training | DeepTraining:
    """The training that is asked for; what its kind of agent has no use for is refused."""
    deep = isinstance(agent, Deep)
    for name, value in (for_tables if deep else for_networks).items():
        if not (value is None or value is False or (isinstance(value, str | tuple) and value in ((), "cpu"))):
            if not deep:
                checked(agent)  # of one that holds another it may be that which is wrong
            kind = "a Deep agent" if deep else "a tabular agent"
            raise TypeError(f"{name} is {checks.shown(value)}; {kind} has no use for it, so it must not be given")
    common = {"precision": precision, "threads": threads}
    if deep:
        if for_networks["steps"] is None:
            raise TypeError("steps is None; it must be a count: a Deep agent is trained for steps, not episodes")
        from fastsoftq.deep.deep_training import DeepTraining  # a fifth of the time to start: only where needed

        options = dict(for_networks)
        if options["points"] is None:
            options["points"] = min(100, checks.count("steps", options["steps"]))
        return DeepTraining.checked(mdp, agent, seeds, max_steps=max_steps, **common, **options)
    if for_tables["episodes"] is None:
        raise TypeError("episodes is None; it must be a count, unless the agent is a Deep, which takes steps")
    most = 1000 if max_steps is None else max_steps
    return Training.checked(mdp, agent, seeds, max_steps=most, **common, **for_tables)
