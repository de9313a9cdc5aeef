"""Trials: which hyperparameters are tried next, and which are given up, as Optuna's samplers and pruners say.

Optuna keeps nothing: what was tried and found lies in the study's folder, and asking again from the start, with the
same seed and the same results, asks for the same trials.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from fastsoftq.studies.tuning.spaces import Range, Space

__all__ = ["PRUNERS", "SAMPLERS", "Search", "Trial", "optuna_version"]

SAMPLERS = ("tpe", "random", "cmaes")
PRUNERS = ("halving", "median", "none")
_FACTOR = 3  # of the trials at a rung, one in so many goes on


class Trial(NamedTuple):
    """Hyperparameters to be tried, by path."""

    number: int
    values: dict[str, Any]


def optuna_version() -> str:
    """The version of Optuna.

    Raises
    ------
    ImportError
        It is not installed.
    """
    return str(_optuna().__version__)


class Search:
    """A search for the best of a space.

    Parameters
    ----------
    space : mapping of str to Range or Choices
    sampler : {"tpe", "random", "cmaes"}
    pruner : {"halving", "median", "none"}
    seed : int
    name : str
        Searches of other names draw other numbers from the same seed.
    higher_is_better : bool

    Raises
    ------
    ImportError
        Without Optuna, or cmaes where that is the sampler.
    """

    def __init__(
        self, space: Space, sampler: str, pruner: str, *, seed: int, name: str, higher_is_better: bool
    ) -> None:
        optuna = _optuna()
        self._space = space
        self._distributions = {
            path: optuna.distributions.FloatDistribution(kind.low, kind.high, log=kind.log)
            if isinstance(kind, Range)
            else optuna.distributions.CategoricalDistribution(range(len(kind.values)))
            for path, kind in space.items()
        }
        digest = hashlib.sha256(f"{seed} {name}".encode()).digest()
        self._study = optuna.create_study(
            direction="maximize" if higher_is_better else "minimize",
            sampler=_sampler(optuna, sampler, int.from_bytes(digest[:4])),
            pruner=_pruner(optuna, pruner),
        )
        self._asked: list[Any] = []

    def ask(self) -> Trial:
        """What to try next."""
        trial = self._study.ask(self._distributions)
        self._asked.append(trial)
        values = {
            path: kind.rounded(trial.params[path]) if isinstance(kind, Range) else kind.values[trial.params[path]]
            for path, kind in self._space.items()
        }
        return Trial(trial.number, values)

    def report(self, number: int, rung: int, value: float) -> None:
        """Say what a trial was found to be worth at a rung, from 0."""
        self._asked[number].report(value, _FACTOR**rung)

    def goes_on(self, number: int) -> bool:
        """Whether a trial is worth more seeds; if not, it has ended."""
        if not self._asked[number].should_prune():
            return True
        self._study.tell(self._asked[number], state=_optuna().trial.TrialState.PRUNED)
        return False

    def end(self, number: int, value: float) -> None:
        """Say what a trial was found to be worth at the last rung."""
        self._study.tell(self._asked[number], value)


def _sampler(optuna: Any, name: str, seed: int) -> Any:
    if name == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    if name == "tpe":
        return optuna.samplers.TPESampler(seed=seed)
    try:
        import cmaes  # noqa: F401
    except ImportError as error:
        raise ImportError("the sampler cmaes needs cmaes: pip install 'fastsoftq[optuna]'") from error
    return optuna.samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)


def _pruner(optuna: Any, name: str) -> Any:
    if name == "halving":
        return optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=_FACTOR)
    return optuna.pruners.MedianPruner() if name == "median" else optuna.pruners.NopPruner()


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise ImportError("tuning needs Optuna: pip install 'fastsoftq[optuna]'") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
