"""The training of deep agents: arguments checked once, then very many runs over threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.agents.rules import PRECISIONS
from fastsoftq.deep.curve_points import grid_of
from fastsoftq.deep.deep_curves import DeepCurves
from fastsoftq.deep.deep_records import OBSERVATION, DeepOutput, DeepWork, Learner, deep_output
from fastsoftq.deep.learner import Deep, changes_meanwhile, checked_deep
from fastsoftq.deep.python_loop import run_in_python
from fastsoftq.deep.replay import Rollouts
from fastsoftq.deep.replay_loop import run_replay, run_replay_with_arrays
from fastsoftq.deep.rollout_loop import run_rollouts, run_rollouts_with_arrays
from fastsoftq.deep.run_memory import memory_bytes, run_memory
from fastsoftq.engine.dispatch import MOST_ACTIONS, call_compiled
from fastsoftq.engine.memory_checks import is_the_packages
from fastsoftq.engine.seeds import checked_seeds
from fastsoftq.engine.threads import Progress, watch_threads
from fastsoftq.environments.checking import check_environment
from fastsoftq.environments.environment_rules import checked_environment, describe, environment_name
from fastsoftq.environments.gymnasium_environment import GymnasiumEnvironment
from fastsoftq.environments.observed import observed
from fastsoftq.mdp.changing import ChangingMDP
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.networks.architectures import checked_architecture
from fastsoftq.networks.column_plan import goes_in_columns
from fastsoftq.networks.layer_plan import Plan, plan_of
from fastsoftq.networks.network import lockstep_lanes, network_for
from fastsoftq.system.memory import check_memory, in_words

__all__ = ["MOST_STEPS", "DeepTraining"]

MOST_STEPS = np.iinfo(np.int32).max
"""Steps of a run: schedules count them in 32 bits."""


@dataclass(frozen=True, eq=False)
class DeepTraining:
    """The arguments of `train` for a deep agent, checked when one is made.

    Parameters
    ----------
    environment, agent, seeds, steps, max_steps, points, precision, threads, keep_parameters, initial_parameters
        As for `train`.

    Raises
    ------
    TypeError, ValueError
        As `train`.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> deep = fsq.Deep(fsq.QLearning(step_size=1e-3, discount=0.99), replay=fsq.Replay(start=100))
    >>> training = DeepTraining.checked(fsq.cart_pole(), deep, seeds=2, steps=500, points=5)
    >>> training.curves().returns.shape
    (2, 5)
    """

    environment: Any
    agent: Deep
    seeds: range | NDArray[np.uint64]
    steps: int
    max_steps: int | None = None
    points: int = 100
    precision: str = "double"
    threads: int | None = None
    keep_parameters: bool = False
    initial_parameters: NDArray[np.float32] | None = None

    @classmethod
    def checked(cls, *arguments: Any, **options: Any) -> DeepTraining:
        """Make one from a user's arguments."""
        return cls(*arguments, **options)

    def __post_init__(self) -> None:
        def fix(field: str, value: Any) -> None:
            object.__setattr__(self, field, value)

        fix("environment", checked_world(self.environment))
        fix("seeds", checked_seeds(self.seeds))
        fix("agent", checked_deep(self.agent))
        known = describe(self.environment)
        checked_architecture(self.agent.network, known.shape, known.n_actions)
        fix("steps", checks.count("steps", self.steps, most=MOST_STEPS))
        fix("max_steps", checks.count("max_steps", known.max_steps if self.max_steps is None else self.max_steps))
        fix("points", checks.count("points", self.points, most=self.steps))
        fix("precision", checks.choice("precision", self.precision, PRECISIONS))
        fix("threads", checks.threads(self.threads))
        fix("keep_parameters", checks.flag("keep_parameters", self.keep_parameters))
        replay = self.agent.replay
        if isinstance(replay, Rollouts) and isinstance(self.environment, GymnasiumEnvironment):
            raise ValueError(
                f"Deep.replay is {replay!r}; in an environment that is not compiled it must be a Replay or "
                "PrioritizedReplay"
            )
        if isinstance(replay, Rollouts):
            sides = replay.environments
            if self.steps % sides:
                near = max(sides, self.steps // sides * sides)
                raise ValueError(
                    f"steps is {self.steps}; with {sides} environments side by side it must be a multiple of "
                    f"{sides}, such as {near}"
                )
            if self.points > self.steps // sides:
                raise ValueError(
                    f"points is {self.points}; with {sides} environments it must be at most {self.steps // sides}"
                )
        fix("initial_parameters", self._initial())

    @property
    def most_steps(self) -> int:
        """How many steps all runs take at most."""
        return len(self.seeds) * self.steps

    @property
    def _plan(self) -> Plan:
        known = describe(self.environment)
        return plan_of(self.agent.network, known.shape, known.n_actions, batch=1)[0]

    @property
    def n_parameters(self) -> int:
        """How many numbers the block of a network's parameters has, its padding counted; nothing is compiled for it."""
        return int(self._plan.parameters)

    @property
    def bytes_at_work(self) -> int:
        """Bytes that a thread takes while it trains."""
        threads = self._threads(len(self.seeds))
        return memory_bytes(*self._networks(self._lanes(-(-len(self.seeds) // threads))), self.agent.replay)

    def check_memory(self, name: str, seeds: int, advice: str) -> None:
        """Refuse what would not fit: the curves of so many seeds, as the argument `name` asks for them."""
        threads = self._threads(seeds)
        at_work = self.bytes_at_work
        kept = seeds * self.points * 64 + self.keep_parameters * seeds * 4 * self.n_parameters
        asked = f"{name} is {seeds}, which with {self.points} points each and {in_words(at_work)} a thread ({threads})"
        check_memory(asked, kept + threads * at_work, advice)

    def curves(self, part: slice = slice(None), progress: Callable[[Progress], None] | None = None) -> DeepCurves:
        """Train some of the seeds, all of them if not told which; `progress` as for `train`."""
        seeds = self.seeds[part]
        if isinstance(seeds, range):
            seeds = np.arange(seeds.start, seeds.stop, seeds.step, dtype=np.uint64)
        assert self.max_steps is not None
        grid = grid_of(self.steps, self.points)
        out = deep_output(len(seeds), self.points, self.n_parameters, self.keep_parameters)
        initial = np.zeros((0, 0), np.float32) if self.initial_parameters is None else self.initial_parameters
        initial = initial[part] if len(initial) > 1 else initial
        counts = np.zeros((self._threads(len(seeds)), 8), np.int64)
        stop = np.zeros(1, np.bool_)
        work = DeepWork(seeds, self.steps, self.max_steps, grid, initial, np.zeros(1, np.int64), stop, counts[0])
        engine = self._engine(-(-len(seeds) // len(counts)))
        engine(work._replace(seeds=seeds[:0], next_run=np.zeros(1, np.int64)), out)  # compiles, or loads, once
        watch_threads(lambda t: engine(work._replace(progress=counts[t]), out), stop, counts, len(seeds), progress)
        self._check_faults(seeds, out)
        return DeepCurves(
            returns=np.ascontiguousarray(out.points["returns"]),
            lengths=np.ascontiguousarray(out.points["lengths"]),
            truncated=np.ascontiguousarray(out.points["truncated"]),
            episodes=np.ascontiguousarray(out.points["episodes"]),
            steps=grid,
            diverged=out.runs["diverged_at"] >= 0,
            diverged_at=np.ascontiguousarray(out.runs["diverged_at"]),
            seeds=seeds,
            agent=self.agent,
            environment=environment_name(self.environment),
            max_steps=self.max_steps,
            precision=self.precision,
            parameters=out.parameters if self.keep_parameters else None,
        )

    def _initial(self) -> NDArray[np.float32] | None:
        """What networks start from: one row for all seeds, or one for each."""
        if self.initial_parameters is None:
            return None
        size = self.n_parameters
        with np.errstate(over="ignore"):
            given = checks.array("initial_parameters", self.initial_parameters, "iuf").astype(np.float32)
        if given.shape not in ((size,), (len(self.seeds), size)):
            raise ValueError(
                f"initial_parameters has shape {given.shape}; it must have shape {(size,)} or {(len(self.seeds), size)}"
            )
        if not np.isfinite(given).all():
            raise ValueError("initial_parameters includes numbers that are not finite; all must be finite")
        return np.where(self._plan.real_parameters(), np.atleast_2d(given), np.float32(0))  # no network reads others

    def _threads(self, runs: int) -> int:
        """How many threads train; an environment in Python is played by one."""
        if isinstance(self.environment, GymnasiumEnvironment):
            return 1
        return min(checks.threads(self.threads), runs)

    def _lanes(self, runs: int) -> int:
        """How many runs a thread learns side by side."""
        if isinstance(self.agent.replay, Rollouts) or isinstance(self.environment, GymnasiumEnvironment):
            return 1
        lanes = lockstep_lanes(self.agent.network, self.agent.clip)
        return lanes if runs >= lanes else 1

    def _networks(self, lanes: int) -> tuple[Any, Any]:
        """The network as it acts, and as it learns."""
        deep, replay = self.agent, self.agent.replay
        known = describe(self.environment)
        if isinstance(replay, Rollouts):
            acts, learns = replay.environments, replay.environments * replay.length // replay.minibatches
        else:
            acts, learns = 1, replay.batch

        def network(rows: int, **options: Any) -> Any:
            clips = deep.clip is not None
            return network_for(
                deep.network, known.shape, known.n_actions, rows, deep.optimizer, lanes, clips, **options
            )

        if lanes == 1 and goes_in_columns(deep.network, learns):
            return network(acts, learns=False), network(learns, columns=True)
        return (network(max(acts, learns)),) * 2

    def _engine(self, runs: int) -> Callable[[DeepWork, DeepOutput], None]:
        """What each thread calls, for so many runs."""
        deep, lanes = self.agent, self._lanes(runs)
        networks = self._networks(lanes)
        n_actions = describe(self.environment).n_actions
        many = n_actions > MOST_ACTIONS
        arrays = many or not (is_the_packages(self.environment) and is_the_packages(deep.agent))
        row: Any = np.zeros(n_actions) if many else (0.0,) * n_actions
        like = PRECISIONS[self.precision](1)
        learner = Learner(
            agent=deep.agent,
            optimizer=deep.optimizer,
            replay=deep.replay,
            loss=deep.loss,
            double=1 if deep.double else None,
            munchausen=deep.munchausen,
            clip=deep.clip,
            target_period=deep.target_period,
            n_step=deep.n_step,
            lazy=int(lanes == 1 and not deep.double and not changes_meanwhile(deep.agent)),
        )
        if isinstance(deep.replay, Rollouts):
            loop = run_rollouts_with_arrays if arrays else run_rollouts
        else:
            loop = run_replay_with_arrays if arrays else run_replay

        def run(work: DeepWork, out: DeepOutput) -> None:
            memory = run_memory(*networks, deep.replay)
            if isinstance(self.environment, GymnasiumEnvironment):
                run_in_python(learner, self.environment, row, like, *networks, memory, work, out)
            else:
                call_compiled(loop, learner, self.environment, row, like, *networks, memory, work, out)

        return run

    def _check_faults(self, seeds: NDArray[np.uint64], out: DeepOutput) -> None:
        """Refuse what an environment did, which no training can go on with."""
        for run in np.flatnonzero(out.runs["fault"]):
            seen = out.runs["fault"][run] == OBSERVATION
            what, allowed = ("observation", "") if seen else ("reward", f" and within ±{checks.LARGEST:g}")
            raise ValueError(
                f"environment is {environment_name(self.environment)}; its {what} after step "
                f"{out.runs['fault_at'][run]} of seed {seeds[run]} is not finite{allowed}, which it must be"
            )


def checked_world(environment: Any) -> Any:
    """An environment that can be learned in; a TabularMDP is seen one-hot.

    One of the project's own needs no trial.
    """
    if isinstance(environment, TabularMDP):
        return observed(environment, "one_hot")
    if isinstance(environment, ChangingMDP):
        raise TypeError(
            f"environment is {environment!r}; a deep agent counts steps, and that changes at an episode: take what it "
            "is in one, such as environment.at(0)"
        )
    if isinstance(environment, GymnasiumEnvironment):
        return environment
    known = checked_environment("environment", environment)
    if not type(known).__module__.startswith("fastsoftq.environments."):
        check_environment(known)
    return known
