"""The document's experiments, one a file: what is run, what is drawn, what is said.

An experiment is a module with `run(settings, watch) -> Findings`, and one line in `EXPERIMENTS`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from fastsoftq import checks
from fastsoftq.system.memory import check_memory

if TYPE_CHECKING:
    from fastsoftq.engine.threads import Progress
    from fastsoftq.report.findings import Findings

__all__ = ["DEFAULT", "EXPERIMENTS", "Experiment", "Settings", "Watch", "chosen"]

# Told what is being trained and how far it has come; first with nothing done, when it begins.
Watch = Callable[[str, "Progress"], None]


@dataclass(frozen=True)
class Settings:
    """What all experiments can be told.

    Parameters
    ----------
    seeds : int
        Runs of each agent, at least 2: intervals come from how runs differ.
    episodes : int
        Episodes of each run.
    max_steps : int
        The most steps an episode may take.
    threads : int, optional
        All cores if not given. Results do not depend on it.

    Raises
    ------
    TypeError
        Not an integer.
    ValueError
        Too small, or too large to count.
    """

    seeds: int = 1000
    episodes: int = 1000
    max_steps: int = 1000
    threads: int | None = None

    def __post_init__(self) -> None:
        checks.count("seeds", self.seeds, least=2)
        checks.count("episodes", self.episodes)
        checks.count("max_steps", self.max_steps)
        checks.threads(self.threads)


class Experiment(NamedTuple):
    """An experiment that can be asked for by name; its module is imported when it runs.

    Parameters
    ----------
    module, summary : str
    curves : int
        Whole sets of learning curves that it holds at once, at least; 0 where the settings do not tell.
    """

    module: str
    summary: str
    curves: int = 0

    def run(self, settings: Settings, watch: Watch) -> Findings:
        """Run it.

        Parameters
        ----------
        settings : Settings
        watch : callable
            Called with a label and a `Progress` as training goes on.

        Returns
        -------
        Findings
        """
        return self.load()(settings, watch)

    def check_memory(self, settings: Settings) -> None:
        """Refuse settings whose learning curves would not fit, before any work.

        Parameters
        ----------
        settings : Settings

        Raises
        ------
        TooLargeError
        """
        from fastsoftq.engine.curves import curves_bytes

        check_memory(
            f"seeds is {settings.seeds}, which with {settings.episodes} episodes each",
            self.curves * curves_bytes(settings.seeds, settings.episodes),
            "take fewer seeds or episodes",
        )

    def load(self) -> Callable[[Settings, Watch], Findings]:
        """Import the module; what it runs."""
        run: Callable[[Settings, Watch], Findings] = importlib.import_module(f"{__name__}.{self.module}").run
        return run


DEFAULT = "cliff-walking"

EXPERIMENTS = {
    "cliff-walking": Experiment("cliff_walking", "Hard against soft at reward scales 1, 2 and 10 (Results A and B)", 7),
    "traditional": Experiment("traditional", "Bellman's equations, value and policy iteration, and tables learned"),
    "posterior": Experiment("posterior", "The posterior over optimal trajectories against a policy that can be played"),
    "reward-scale": Experiment("reward_scale", "Soft tends to standard: a sweep across the critical reward scale", 1),
    "multi-goal": Experiment("multi_goal", "A room with four goals: which of them hard and soft policies visit", 16),
    "point-mass": Experiment("point_mass", "Haarnoja's point mass among four goals, on a lattice; at most 16 seeds"),
    "pretraining": Experiment(
        "pretraining", "Pretrained hard, soft or not at all, then goals close or walls appear", 1
    ),
    "exploration": Experiment("exploration", "Entropy and coverage of hard and soft policies while they learn", 1),
    "robustness": Experiment("robustness", "Trained on the cliff, tested with cells blocked, slip, other starts", 1),
    "human-behaviour": Experiment("human_behaviour", "Temperature and rewards inferred from suboptimal demonstrations"),
}


def chosen(names: list[str]) -> list[str]:
    """The experiments asked for: the default one for none, all of them for "all", and each once.

    Raises
    ------
    ValueError
        An unknown name; the message gives the nearest.
    """
    for name in names:
        checks.choice("experiment", name, [*EXPERIMENTS, "all"])
    return list(EXPERIMENTS) if "all" in names else list(dict.fromkeys(names or [DEFAULT]))
