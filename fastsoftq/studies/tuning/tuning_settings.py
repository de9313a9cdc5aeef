"""What a tuning depends on, checked before any work; the same in a folder goes on there."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastsoftq import checks
from fastsoftq.studies.conditions import product_of
from fastsoftq.studies.measured_runs import main_measure
from fastsoftq.studies.selection import Selection
from fastsoftq.studies.study import Study
from fastsoftq.studies.tuning.spaces import Choices, Range, Space, checked_space
from fastsoftq.studies.tuning.trials import PRUNERS, SAMPLERS, optuna_version

__all__ = ["TuningSettings", "rungs_of"]


def rungs_of(tune: int, pruner: str, rungs: Sequence[int] | None = None) -> tuple[int, ...]:
    """On how many seeds trials are looked at.

    Raises
    ------
    ValueError
        They do not ascend, or do not end with all seeds that tune.

    Examples
    --------
    >>> rungs_of(450, "halving"), rungs_of(450, "none")
    ((50, 150, 450), (450,))
    """
    if rungs is None:
        return (tune,) if pruner == "none" else tuple(sorted({max(1, tune // 9), max(1, tune // 3), tune}))
    try:
        given = tuple(checks.count(f"rungs[{place}]", size) for place, size in enumerate(rungs))
    except TypeError as error:
        raise TypeError(f"rungs is {checks.shown(rungs)}; it must be a sequence of integers: {error}") from None
    if not given or given[-1] != tune or any(later <= earlier for earlier, later in itertools.pairwise(given)):
        raise ValueError(f"rungs is {list(given)}; it must ascend, and end with select.tune, {tune}")
    return given


@dataclass(frozen=True)
class TuningSettings:
    """What a tuning depends on: the arguments of `tune`, which says what they are.

    Raises
    ------
    TypeError, ValueError
        One that does not fit; the message names it.
    ImportError
        Without Optuna.
    """

    study: Study
    space: Mapping[str, Space]
    trials: int
    sampler: str
    pruner: str
    rungs: Sequence[int] | None
    seed: int
    at_once: int

    def __post_init__(self) -> None:
        def fix(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        if not isinstance(self.study, Study):
            raise TypeError(f"study is {checks.shown(self.study)}; it must be a Study")
        self._check_study()
        fix("space", self._checked_space())
        for name, least in (("trials", 1), ("seed", 0), ("at_once", 1)):
            fix(name, checks.count(name, getattr(self, name), least=least))
        checks.choice("sampler", self.sampler, SAMPLERS)
        checks.choice("pruner", self.pruner, PRUNERS)
        rungs_of(self.selection.tune, self.pruner, self.rungs)
        optuna_version()

    def _check_study(self) -> None:
        study = self.study
        if study.steps is not None:
            raise ValueError(
                f"steps is {study.steps}; a study that is tuned must count episodes: of deep agents, write a sweep"
            )
        if study.select is None:
            raise ValueError(
                "select is None; it must say how many seeds tune and test, as Selection(200, 1000) does, in a file "
                "select = { tune = 200, test = 1000 }"
            )
        if study.keep != "curves":
            raise ValueError(f"keep is {study.keep!r}; to be tuned it must be 'curves'")
        if study.stop is not None:
            raise ValueError(f"stop is {study.stop}; a study that is tuned has as many seeds as select says")
        if set(study.conditions) != set(product_of(study.environments, study.agents)):
            raise ValueError("conditions are the study's own; a study that is tuned runs every agent everywhere")
        measure = main_measure(study.measures, study.axis)
        if measure.is_time and measure.unit == "steps":  # runs are watched for as many steps as they happen to take
            raise ValueError(f"measures[0] is {measure.name!r}; trials must be comparable, as by episodes_to")

    def _checked_space(self) -> dict[str, dict[str, Range | Choices]]:
        if not isinstance(self.space, Mapping):
            raise TypeError(f"space is {checks.shown(self.space)}; it must be a mapping of agents to hyperparameters")
        if not self.space:
            raise ValueError("space is empty; there must be an agent to tune")
        found = {}
        for name, of_agent in self.space.items():
            agent = self.study.agents[checks.choice("space", name, self.study.agents)]
            if self.study.origins.table("agents", name) != name:
                raise ValueError(f"space has {name!r}, which is one of a sweep; it must be an agent by itself")
            try:
                found[name] = checked_space(agent, of_agent)
            except (TypeError, ValueError) as error:
                raise type(error)(f"space[{name!r}]: {error}") from None
        return found

    @property
    def sizes(self) -> tuple[int, ...]:
        """On how many seeds trials are looked at."""
        return rungs_of(self.selection.tune, self.pruner, self.rungs)

    @property
    def selection(self) -> Selection:
        """On which seeds is chosen, and on which compared."""
        assert self.study.select is not None
        return self.study.select

    @property
    def record(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "space": {name: {path: repr(kind) for path, kind in of.items()} for name, of in self.space.items()},
            **{name: getattr(self, name) for name in ("trials", "sampler", "pruner", "seed", "at_once")},
            "rungs": list(self.sizes),
            "measure": main_measure(self.study.measures, self.study.axis).name,
            "optuna": optuna_version(),
        }
