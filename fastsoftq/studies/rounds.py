"""Rounds: seeds are added, twice as many each time, until it is answered what differs or the budget is spent.

What has been decided is worked out from the results whenever it is asked for. What lies in the folder says which rounds
there were, and what they decided for whoever only looks.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.studies.compared_pairs import Pair, references, tables_of
from fastsoftq.studies.measured_runs import main_measure, measured
from fastsoftq.studies.selected import bests, compared_pool
from fastsoftq.studies.stopping import Stop
from fastsoftq.studies.study_records import canonical, sealed, unsealed

if TYPE_CHECKING:
    from fastsoftq.studies.results import Results
    from fastsoftq.studies.storing.storage import Storage
    from fastsoftq.studies.study import Study

__all__ = [
    "DECISIONS",
    "PairDecision",
    "StudyDecision",
    "check_rounds",
    "decided",
    "noted",
    "round_sizes",
    "write_down",
]

DECISIONS = "decisions.json"


@dataclass(frozen=True)
class PairDecision:
    """Whether it is answered how a condition differs from its reference.

    Attributes
    ----------
    condition, reference : str
    answered : bool
        The interval of the difference, condition - reference, is clear of 0, or within ±`Stop.difference`.
    sign : int
        1 if the condition's measure is higher than the reference's, -1 if it is lower, 0 if it is not known, or if they
        differ by less than matters.
    low, high : float
        The interval of the difference, in the round that answered or else in the last. All intervals of all rounds hold
        together with the confidence asked for.
    seeds : int
        After how many seeds.
    """

    condition: str
    reference: str
    answered: bool
    sign: int
    low: float
    high: float
    seeds: int


@dataclass(frozen=True)
class StudyDecision:
    """What the rounds of a study have decided.

    Attributes
    ----------
    stop : Stop
        What was asked.
    measure : str
        Of what.
    rounds : tuple of int
        Seeds after each round.
    pairs : tuple of PairDecision
        In the order of the study.
    """

    stop: Stop
    measure: str
    rounds: tuple[int, ...]
    pairs: tuple[PairDecision, ...]

    @property
    def answered(self) -> bool:
        """Whether all is."""
        return all(pair.answered for pair in self.pairs)

    @property
    def spent(self) -> bool:
        """Whether there may be no more seeds."""
        return self.rounds[-1] >= self.stop.most


def round_sizes(first: int, most: int) -> Iterator[int]:
    """How many seeds there are after each round: twice as many as before, and at the end all.

    Examples
    --------
    >>> list(round_sizes(100, 1000))
    [100, 200, 400, 800, 1000]
    """
    size = first
    while size < most:
        yield size
        size *= 2
    yield most


def check_rounds(study: Study, part: tuple[int, int]) -> None:
    """Refuse, before any work, a study whose `stop` cannot be decided.

    Parameters
    ----------
    study : Study
        With `stop`.
    part : (int, int)
        Which part of it is run, and of how many.

    Raises
    ------
    ValueError
        It keeps summaries, has no reference, or a main measure that is no mean over runs; or only a part of it is run.
    """
    if part[1] > 1:
        raise ValueError(
            f"part is {part[0]}/{part[1]}; with stop it must be 1/1, since all results decide whether "
            "seeds are enough. Several runs of the whole on one folder share the work"
        )
    if study.keep != "curves":
        raise ValueError(f"keep is {study.keep!r}; with stop it must be 'curves', as it is decided run by run")
    measure = main_measure(study.measures, study.axis)
    if not measure.of_mean_curves:  # of times it is known late how long all runs were watched
        raise ValueError(f"measures[0] is {measure.name!r}; with stop it must be a mean over runs, such as 'last:100'")
    least = 2 + (0 if study.select is None else study.select.tune)
    if len(study.seeds) < least:
        raise ValueError(f"seeds is {len(study.seeds)}; with stop it must be at least {least}, to compare runs")
    own = [condition.name for condition in study.conditions if condition.seeds is not None]
    if own:
        raise ValueError(f"stop is {study.stop}; {own[0]!r} has a number of seeds of its own, which no round adds to")
    reading = study.reading
    pool = list(study.resolved)
    if reading.select is not None:  # whichever are chosen
        pool = compared_pool(pool, reading.against, [names[0] for names in tables_of(pool, reading.origins).values()])
    references(pool, study.record["agents"], reading.origins, reading.against)


def decided(results: Results, rounds: Sequence[int]) -> StudyDecision:
    """What rounds have decided, worked out from the results.

    A pair is decided in the first round that answers it, and keeps that answer: all rounds hold together.

    Parameters
    ----------
    results : Results
        Of a study with `stop`, with as many runs as the last round.
    rounds : sequence of int
        Seeds after each.

    Returns
    -------
    StudyDecision

    Raises
    ------
    DamagedError
        Runs that are missing or damaged.

    Notes
    -----
    With `select`, conditions are chosen on the tuning seeds and decided on the others.
    """
    assert results.stop is not None
    measure = main_measure(results.measures, results.axis, map(results.condition, results.conditions))
    first = 0 if results.selection is None else results.selection.tune
    values = _values(results, measure, rounds[-1], first)
    pairs = pair_decisions(_pairs(results), values, [size - first for size in rounds], results.stop)
    shifted = tuple(replace(pair, seeds=first + pair.seeds) for pair in pairs)
    return StudyDecision(results.stop, measure.name, tuple(rounds), shifted)


def pair_decisions(
    pairs: Sequence[Pair], values: Callable[[str], NDArray[np.float64]], rounds: Sequence[int], stop: Stop
) -> tuple[PairDecision, ...]:
    """What rounds have decided of each pair.

    Parameters
    ----------
    pairs : sequence of Pair
    values : callable of str
        The measure of each run of a condition, float64 [runs]: run i of one is compared with run i of the other.
    rounds : sequence of int
        Runs after each.
    stop : Stop

    Returns
    -------
    tuple of PairDecision

    Notes
    -----
    The error, 1 - confidence, is shared out over the pairs in equal parts, and over the rounds of each by
    `fastsoftq.statistics.sequential_decision`: the chance that anything false is said, of any pair in any round, is at
    most that.

    Examples
    --------
    >>> samples = {"soft": np.arange(20.0), "hard": np.arange(20.0) % 2 - 100}
    >>> pair_decisions([Pair("soft", "hard")], samples.__getitem__, [10, 20], Stop(1.0))[0].sign
    1
    """
    from fastsoftq.statistics import sequential_decision

    made = []
    for pair in pairs:
        found = sequential_decision(
            values(pair.condition),
            values(pair.reference),
            rounds,
            difference=stop.difference,
            confidence=stop.confidence,
            comparisons=len(pairs),
        )
        made.append(PairDecision(*pair, found.answered, found.sign, found.low, found.high, found.runs))
    return tuple(made)


def write_down(storage: Storage, decision: StudyDecision) -> None:
    """Keep a decision in the folder, for whoever only looks."""
    data = {**asdict(decision), "rounds": list(decision.rounds)}
    data["pairs"] = [
        {name: None if value in (-math.inf, math.inf) else value for name, value in asdict(pair).items()}
        for pair in decision.pairs
    ]
    storage.write(DECISIONS, canonical(sealed(data)))


def noted(storage: Storage) -> StudyDecision | None:
    """The decision that lies in a folder, as somebody wrote it down; None where there is none, or nothing like one."""
    data = unsealed(storage.read(DECISIONS))
    try:
        return None if data is None else _checked(data)
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


def _checked(data: Mapping[str, Any]) -> StudyDecision:
    rounds = tuple(checks.count("rounds", size) for size in data["rounds"])
    if not rounds or any(later <= earlier for earlier, later in itertools.pairwise(rounds)):
        raise ValueError(f"rounds is {rounds!r}")
    pairs = []
    for entry in data["pairs"]:
        low, high = (sign * math.inf if entry[end] is None else entry[end] for end, sign in (("low", -1), ("high", 1)))
        pair = PairDecision(**{**entry, "low": float(low), "high": float(high)})
        for name in ("condition", "reference"):
            checks.text(name, getattr(pair, name))
        checks.flag("answered", pair.answered)
        if pair.sign not in (-1, 0, 1) or pair.seeds not in rounds or not pair.low <= pair.high:
            raise ValueError(f"pairs includes {pair!r}")
        pairs.append(pair)
    return StudyDecision(Stop(**data["stop"]), checks.text("measure", data["measure"]), rounds, tuple(pairs))


def _pairs(results: Results) -> list[Pair]:
    pool = [results.condition(name) for name in results.conditions]
    if results.selection is not None:
        chosen = bests(results, results.selection.tune, main_measure(results.measures, results.axis))
        pool = compared_pool(pool, results.against, [choice.condition for choice in chosen])
    return references(pool, results.record["agents"], results.origins, results.against)


def _values(results: Results, measure: Any, runs: int, first: int) -> Callable[[str], NDArray[np.float64]]:
    """A reader of the measure of a condition's runs, but for the first so many, that remembers."""
    there: dict[str, NDArray[np.float64]] = {}

    def values(name: str) -> NDArray[np.float64]:
        if name not in there:
            there[name] = measured(results, name, measure, runs, first).values
        return there[name]

    return values
