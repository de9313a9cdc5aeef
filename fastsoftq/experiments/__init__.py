"""The document's experiments, one a file: a study, and what is found in its results.

An experiment is a module with `study(settings)` and `analyse(results, settings, watch)`, and one line in `EXPERIMENTS`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from fastsoftq import checks

if TYPE_CHECKING:
    from fastsoftq.engine.threads import Progress
    from fastsoftq.mdp.tabular import TabularMDP
    from fastsoftq.report.findings import Findings
    from fastsoftq.studies import Results, Study

__all__ = ["DEFAULT", "EXPERIMENTS", "Experiment", "Settings", "Watch", "chosen", "watched"]

_COPIES = 2  # of a condition's curves in memory: in chunks as they are read, and as a whole

# Told what is being computed and how far it has come; first with nothing done, when it begins.
Watch = Callable[[str, "Progress"], None]


T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """What all experiments can be told.

    Parameters
    ----------
    seeds : int
        Runs of each agent, at least 2: intervals come from how runs differ.
    episodes : int
        Episodes of each run. Networks learn for steps, in proportion to it.
    max_steps : int
        The most steps an episode may take.
    threads : int, optional
        All processors this process may use if not given. Results do not depend on it.
    device : str, optional
        Where to train, as for `train`. Results do not depend on it either.

    Raises
    ------
    TypeError
        One of them is not an integer.
    ValueError
        Too small, or too large to count.

    Examples
    --------
    >>> Settings(seeds=100).episodes
    1000
    """

    seeds: int = 1000
    episodes: int = 1000
    max_steps: int = 1000
    threads: int | None = None
    device: str | None = None

    def __post_init__(self) -> None:
        checks.count("seeds", self.seeds, least=2)
        checks.count("episodes", self.episodes)
        checks.count("max_steps", self.max_steps)
        checks.threads(self.threads)

    def study(
        self, name: str, environments: Mapping[str, TabularMDP], agents: Mapping[str, Any], **fields: Any
    ) -> Study:
        """A study of so many seeds, episodes and steps.

        `fields` are others of `Study`, or other values of these.

        Examples
        --------
        >>> import fastsoftq as fsq
        >>> worlds, agents = {"cliff": fsq.cliff_walking()}, {"hard": fsq.QLearning(step_size=0.8, discount=0.95)}
        >>> Settings(seeds=100).study("small", worlds, agents, episodes=10).seeds
        range(0, 100)
        """
        from fastsoftq.studies import Study

        own = {"seeds": self.seeds, "episodes": self.episodes, "max_steps": self.max_steps}
        return Study(name=name, environments=environments, agents=agents, **{**own, **fields})

    def checkpoints(self, most: int) -> list[int]:
        """The first episode, the last, and others between them, evenly on a logarithmic scale.

        Parameters
        ----------
        most : int
            At most so many.

        Returns
        -------
        list of int

        Examples
        --------
        >>> Settings(episodes=1000).checkpoints(4)
        [1, 10, 100, 1000]
        """
        import numpy as np

        return sorted({round(episode) for episode in np.geomspace(1, self.episodes, most).tolist()})


class Experiment(NamedTuple):
    """An experiment that can be asked for by name; its module is imported when it is.

    Parameters
    ----------
    module : str
        In this package.
    summary : str
        A line for `fastsoftq list`.
    seeds : int
        Runs of each agent where nobody says how many.
    """

    module: str
    summary: str
    seeds: int = Settings.seeds

    def study(self, settings: Settings) -> Study | None:
        """What it trains.

        Parameters
        ----------
        settings : Settings

        Returns
        -------
        Study or None
            None where nothing is learned.

        Examples
        --------
        >>> study = EXPERIMENTS["cliff-walking"].study(Settings(seeds=100))
        >>> [condition.name for condition in study.conditions][:2]
        ['cliff/hard', 'cliff/soft_k1']
        >>> EXPERIMENTS["posterior"].study(Settings()) is None
        True
        """
        study: Study | None = self.load().study(settings)
        return study

    def analyse(self, results: Results | None, settings: Settings, watch: Watch | None = None) -> Findings:
        """What is found in the results of its study.

        Memory holds the curves and the tables of one condition at a time.

        Parameters
        ----------
        results : Results or None
            Those of `study(settings)`, all of them done; None where that is None.
        settings : Settings
        watch : callable, optional
            Called with a label and a `Progress` as the analysis goes on.

        Returns
        -------
        Findings

        Raises
        ------
        DamagedError
            Results are missing or damaged.

        Examples
        --------
        >>> settings = Settings(seeds=2)
        >>> print(EXPERIMENTS["posterior"].analyse(None, settings).title)
        Slippery cliff, reward scale 2, horizon 200, 2 trajectories each (95 % intervals, each by itself)
        """
        began = perf_counter()
        findings: Findings = self.load().analyse(results, settings, watch or _unwatched)
        return replace(findings, run=_run_record(results, settings, perf_counter() - began))

    def check_memory(self, settings: Settings) -> None:
        """Refuse settings whose results would not fit, before any work.

        Parameters
        ----------
        settings : Settings

        Raises
        ------
        TooLargeError

        Examples
        --------
        >>> EXPERIMENTS["cliff-walking"].check_memory(Settings(seeds=100))
        """
        from fastsoftq.system.memory import check_memory

        study = self.study(settings)
        if study is None:
            return
        check_memory(
            f"seeds is {settings.seeds}, which with {settings.episodes} episodes each",
            _COPIES * _bytes_of_a_condition(study),
            "take fewer seeds or episodes",
        )

    def load(self) -> ModuleType:
        """Import the module."""
        return importlib.import_module(f"{__name__}.{self.module}")


def watched(label: str, items: Sequence[T], watch: Watch) -> Iterator[T]:
    """Go through some items, while `watch` is told how many are done.

    `watch` is called with the label and a `Progress`, whose runs are the items.

    Examples
    --------
    >>> list(watched("fits", "ab", lambda label, progress: print(label, progress.runs, "of", progress.of_runs)))
    fits 0 of 2
    fits 1 of 2
    fits 2 of 2
    ['a', 'b']
    """
    from fastsoftq.engine.threads import Progress

    for done, item in enumerate(items):
        watch(label, Progress(done, len(items), 0))
        yield item
    watch(label, Progress(len(items), len(items), 0))


def _unwatched(label: str, progress: Progress) -> None:
    """Nobody is told."""


def _bytes_of_a_condition(study: Study) -> int:
    """What the curves, and the tables or networks, of the largest condition take."""
    from fastsoftq.engine.curves import curves_bytes

    if study.points is not None:  # each has four numbers
        networks: dict[str, int] = study.record.get("parameters") or {}
        most = max((condition.points or study.points) for condition in study.conditions)
        return len(study.seeds) * (32 * most + 4 * max(networks.values(), default=0))
    table = bool(study.tables or study.checkpoints)
    sizes = {name: table * mdp.n_states * mdp.n_actions for name, mdp in study.environments.items()}
    return max(
        curves_bytes(len(study.seeds), condition.episodes or study.episodes, sizes[condition.environment])
        for condition in study.conditions
    )


def _run_record(results: Results | None, settings: Settings, seconds: float) -> dict[str, Any]:
    """What differs from one run to the next: `run.json`. Seconds of training are those of one core."""
    from fastsoftq.system.provenance import provenance

    run: dict[str, Any] = {"seconds": seconds, "threads": checks.threads(settings.threads), "seeds": settings.seeds}
    if results is not None:
        trained = {name: _training_record(results, name) for name in results.conditions}
        record: dict[str, Any] = results.record
        counted: dict[str, Any] = {name: record[name] for name in ("episodes", "points", "max_steps") if name in record}
        run |= {
            "seconds": seconds + sum(one["seconds"] for one in trained.values()),
            "seeds": record["seeds"]["count"],
            **counted,
            "steps": sum(one["steps"] for one in trained.values()),
            "agents": trained,
        }
    return run | provenance()


def _training_record(results: Results, name: str) -> dict[str, Any]:
    seconds, steps = results.seconds(name), results.steps(name)
    return {
        "agent": repr(results.agent(name)),
        "seconds": seconds,
        "steps": steps,
        "steps_per_second": steps / seconds if seconds > 0.0 else 0.0,
    }


DEFAULT = "cliff-walking"

EXPERIMENTS = {
    "cliff-walking": Experiment("hard_or_soft", "Hard against soft at reward scales 1, 2 and 10 (Results A and B)"),
    "traditional": Experiment("traditional", "Bellman's equations, value and policy iteration, and tables learned"),
    "posterior": Experiment("posterior", "The posterior over optimal trajectories against a policy that can be played"),
    "reward-scale": Experiment("reward_scale", "Soft tends to standard: a sweep across the critical reward scale"),
    "multi-goal": Experiment("four_goals", "A room with four goals: which of them hard and soft policies visit"),
    "point-mass": Experiment("moving_mass", "Haarnoja's point mass among four goals, on a lattice; at most 16 seeds"),
    "pretraining": Experiment("pretraining", "Pretrained hard, soft or not at all, then goals close or walls appear"),
    "exploration": Experiment("exploration", "Entropy and coverage of hard and soft policies while they learn"),
    "robustness": Experiment("robustness", "Trained on the cliff, tested with cells blocked, slip, other starts"),
    "deep": Experiment(
        "deep_q_learning", "Deep Q-learning, hard and soft: control, and the cliff as networks see it", 30
    ),
    "deep-multi-goal": Experiment(
        "deep_goals", "Point mass in continuous space by networks: four goals, then walls", 30
    ),
    "shelf": Experiment("shelf", "All agents, hard and soft, in six worlds: curves, regret, profiles, step sizes", 200),
    "human-behaviour": Experiment("human_behaviour", "Temperature and rewards inferred from suboptimal demonstrations"),
}


def chosen(names: list[str]) -> list[str]:
    """The experiments asked for: the default one for none, all of them for "all", and each once.

    Parameters
    ----------
    names : list of str

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        An unknown name; the message gives the nearest.

    Examples
    --------
    >>> chosen([]), chosen(["posterior", "posterior"])
    (['cliff-walking'], ['posterior'])
    """
    for name in names:
        checks.choice("experiment", name, [*EXPERIMENTS, "all"])
    return list(EXPERIMENTS) if "all" in names else list(dict.fromkeys(names or [DEFAULT]))
