"""The training of tabular agents: arguments checked once, then very many runs over threads or on GPUs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastsoftq import checks
from fastsoftq.agents.hyperparameters import checked
from fastsoftq.agents.last_steps import check_last_steps, within_episodes
from fastsoftq.agents.optimistic_start import first_value
from fastsoftq.agents.rules import PRECISIONS, Agent, check_code
from fastsoftq.engine.block_statistics import BlockStatistics
from fastsoftq.engine.curves import LearningCurves, curves_bytes
from fastsoftq.engine.dispatch import checked_engine, engine_for
from fastsoftq.engine.gpu.several_cards import CPU, checked_device, gpus_of, run_on_gpus
from fastsoftq.engine.memory_checks import check_memory_rules
from fastsoftq.engine.records import Output, Work
from fastsoftq.engine.seeds import checked_seeds
from fastsoftq.engine.threads import Progress, run_on_threads
from fastsoftq.mdp.changing import EpisodicMDP, checked_episodic_mdp
from fastsoftq.mdp.tables import tables
from fastsoftq.reward_scales import check_reward_scale
from fastsoftq.system.memory import TooLargeError, check_memory

if TYPE_CHECKING:
    from fastsoftq.engine.gpu.wanted import Wanted

__all__ = ["Training"]


@dataclass(frozen=True, eq=False)
class Training:
    """The arguments of `train`, checked when one is made.

    Parameters
    ----------
    mdp, agent, seeds, episodes, max_steps, precision, threads, initial_q, keep_q, checkpoints
        As for `train`.
    engine : {"one_run", "lanes", "lanes_16", "lanes_32", "lanes_64"}, optional
        The loop that trains: one run at a time, or in lockstep as many as suit the MDP, or as the name says; the
        fastest if not given. All give the same bits. Agents that keep arrays of their own (traces, a queue, a critic)
        are trained one run at a time, whatever the engine.
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

    mdp: EpisodicMDP
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

        mdp = checked_episodic_mdp(self.mdp)
        fix("seeds", checked_seeds(self.seeds))
        fix("agent", checked(self.agent))
        check_code(self.agent)
        check_memory_rules(self.agent)
        check_reward_scale(mdp, self.agent)
        fix("episodes", checks.count("episodes", self.episodes))
        fix("max_steps", checks.count("max_steps", self.max_steps))
        fix("precision", checks.choice("precision", self.precision, PRECISIONS))
        fix("threads", checks.threads(self.threads))
        fix("initial_q", _initial_tables(self.initial_q, mdp, len(self.seeds)))
        fix("keep_q", checks.flag("keep_q", self.keep_q))
        fix("checkpoints", checks.ascending_counts("checkpoints", self.checkpoints, most=self.episodes))
        fix("engine", checked_engine(self.engine, mdp))
        fix("device", checked_device(self.device, mdp, self.agent))

    @property
    def most_steps(self) -> int:
        """How many steps all runs take at most."""
        return len(self.seeds) * self.episodes * self.max_steps

    @property
    def kept(self) -> list[int]:
        """After how many episodes tables are kept, ascending."""
        return sorted({*self.checkpoints, *([self.episodes] if self.keep_q else ())})

    def check_memory(self, name: str, seeds: int, advice: str) -> None:
        """Refuse what would not fit: the curves of so many seeds, as the argument `name` asks for them, and steps."""
        tables = len(self.kept)
        asked = f"{name} is {seeds}, which with {self.episodes} episodes each{' and tables' if tables else ''}"
        numbers = tables * self.mdp.n_states * self.mdp.n_actions
        check_memory(asked, curves_bytes(seeds, self.episodes, numbers), advice)
        at_once = min(checks.threads(self.threads), seeds)
        check_last_steps(self.agent, self.mdp.n_actions, self.max_steps, at_once)

    def curves(self, part: slice = slice(None), progress: Callable[[Progress], None] | None = None) -> LearningCurves:
        """Train some of the seeds, all of them if not told which; `progress` as for `train`."""
        seeds, initial_q = self._begun(part)
        out = self._room(len(seeds))
        if self.device != CPU:
            from fastsoftq.engine.gpu.wanted import WholeCurves

            self._on_gpus(seeds, initial_q, WholeCurves(out), progress)
        else:
            threads = min(checks.threads(self.threads), len(seeds))
            engine = self._engine(-(-len(seeds) // threads))
            try:
                run_on_threads(engine, seeds, initial_q, self.max_steps, out, threads, progress)
            except MemoryError:
                raise TooLargeError(
                    f"agent is {self.agent!r}; what it keeps of {self.mdp!r} on {threads} threads needs more memory "
                    "than there is; take fewer threads, or let it keep less"
                ) from None
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

    def compile(self) -> None:
        """Compile the processor's loop, or load it, and train nothing: a rule that does not compile is told of."""
        seeds, initial_q = self._begun(slice(0, 0))
        nothing = Work(
            seeds, initial_q, self.max_steps, np.zeros(1, np.int64), np.zeros(1, np.bool_), np.zeros(8, np.int64)
        )
        self._engine(len(self.seeds))(nothing, self._room(0))

    def statistics(
        self, starts: NDArray[np.int64], progress: Callable[[Progress], None] | None = None
    ) -> BlockStatistics:
        """Train all of the seeds, and summarise blocks of them: on GPUs without their curves leaving the card.

        Parameters
        ----------
        starts : int64 [blocks + 1]
            The first run of each block, and the number of seeds.
        progress : callable, optional
            As for `train`.
        """
        found = None if self.device == CPU else self._summarised_there(starts, progress)
        return BlockStatistics.of_curves(self.curves(progress=progress), starts) if found is None else found

    def _summarised_there(
        self, starts: NDArray[np.int64], progress: Callable[[Progress], None] | None
    ) -> BlockStatistics | None:
        """Train on GPUs and summarise there, if blocks are short enough for that."""
        from fastsoftq.engine.gpu.summarising import sorts
        from fastsoftq.engine.gpu.wanted import Statistics

        longest = int(np.diff(starts).max())
        if not all(sorts(gpu.card, longest) for gpu in gpus_of(str(self.device))):
            return None
        found = BlockStatistics.empty(starts, self.episodes)
        self._on_gpus(*self._begun(slice(None)), Statistics(found), progress)
        return found

    def _engine(self, runs: int) -> Callable[[Work, Output], None]:
        """The loop for so many runs on each thread."""
        agent, like = within_episodes(self.agent, self.max_steps), PRECISIONS[self.precision]
        return engine_for(tables(self.mdp), agent, runs, like, self.engine, self.max_steps)

    def _begun(self, part: slice) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
        """Some of the seeds, and the tables that they begin with: one of each, or one of all."""
        seeds = self.seeds[part]
        if isinstance(seeds, range):
            seeds = np.arange(seeds.start, seeds.stop, seeds.step, dtype=np.uint64)
        table = (self.mdp.n_states, self.mdp.n_actions)
        initial_q = np.full(table, first_value(self.agent)) if self.initial_q is None else self.initial_q
        return seeds, initial_q[None] if initial_q.ndim == 2 else initial_q[part]

    def _on_gpus(
        self,
        seeds: NDArray[np.uint64],
        initial_q: NDArray[np.float64],
        wanted: Wanted,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        like = PRECISIONS[self.precision]
        gpus = gpus_of(str(self.device))
        run_on_gpus(gpus, self.mdp, self.agent, like, seeds, initial_q, self.max_steps, wanted, progress)

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


def _initial_tables(initial_q: ArrayLike | None, mdp: EpisodicMDP, n_seeds: int) -> NDArray[np.float64] | None:
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
