"""How many seeds are enough for a study to find a difference, judged from a pilot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fastsoftq.measures import Measure, common_horizon
from fastsoftq.statistics.permuted_runs import fewest_runs
from fastsoftq.statistics.sample_size import seeds_needed
from fastsoftq.studies.compared_pairs import reference_table, tables_of
from fastsoftq.studies.pilot import Piloted
from fastsoftq.studies.study import Study
from fastsoftq.studies.study_records import agent_record
from fastsoftq.system.html import NotebookTable

__all__ = ["EnoughSeeds", "check_measure", "enough_seeds"]


@dataclass(frozen=True)
class EnoughSeeds(NotebookTable):
    """The seeds that a study needs to find a difference.

    Attributes
    ----------
    seeds : int or None
        Of each condition; None where ten million are not enough.
    difference : float
        In the measure's unit.
    measure : str
        In words.
    confidence, power : float
        That nothing false is said of any pair; that a pair which differs so much is found.
    pairs : int
        Comparisons that are decided together.
    condition, reference : str
        The pair that needs most.
    std, planning_std : float
        Standard deviation of that pair's differences in the pilot, and the upper bound of it, at 80 % assurance, that
        `seeds` rests on.
    caution : str
        Why it may take more; empty if nothing suggests it.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.studies import estimate
    >>> agents = {"hard": fsq.QLearning(0.8, 0.95), "soft": fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0)}
    >>> study = Study(
    ...     name="small", episodes=50, seeds=200, environments={"cliff": fsq.cliff_walking()}, agents=agents
    ... )
    >>> enough = estimate(study, difference=5.0).enough
    >>> enough.reference, enough.planning_std > enough.std
    ('cliff/hard', True)
    """

    seeds: int | None
    difference: float
    measure: str
    confidence: float
    power: float
    pairs: int
    condition: str
    reference: str
    std: float
    planning_std: float
    caution: str


def check_measure(measure: Measure) -> None:
    """Refuse a measure whose seeds cannot be planned.

    Raises
    ------
    ValueError
        It is no mean over runs.

    Examples
    --------
    >>> from fastsoftq.measures import measure
    >>> check_measure(measure("worst:0.05"))
    Traceback (most recent call last):
    ValueError: the study's main measure is 'worst:0.05'; seeds can be planned for means over runs, as of 'last:100'
    """
    if not measure.is_mean:
        raise ValueError(
            f"the study's main measure is {measure.name!r}; seeds can be planned for means over runs, as of 'last:100'"
        )


def enough_seeds(
    study: Study, found: Sequence[Piloted], measure: Measure, difference: float, confidence: float, power: float
) -> EnoughSeeds:
    """Say how many seeds are enough to find a difference between each agent's best and the reference's best.

    Where a table of agents is swept, its best condition in the pilot stands for it, in each environment.

    Parameters
    ----------
    study : Study
    found : sequence of Piloted
        Of all conditions.
    measure : Measure
    difference : float
        The smallest that matters.
    confidence : float
        Of all comparisons together; each is planned at its share of the error (Bonferroni).
    power : float
        Chance of finding it in each pair.

    Returns
    -------
    EnoughSeeds

    Raises
    ------
    ValueError
        Nothing to compare, or nothing measured.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.measures import measure
    >>> from fastsoftq.studies.pilot import piloted
    >>> agents = {"hard": fsq.QLearning(0.8, 0.95), "soft": fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0)}
    >>> study = Study(
    ...     name="small", episodes=50, seeds=200, environments={"cliff": fsq.cliff_walking()}, agents=agents
    ... )
    >>> last = measure("last:10")
    >>> found = piloted(study, 16, 1, last)
    >>> enough_seeds(study, found, last, difference=5.0, confidence=0.95, power=0.9).pairs
    1
    """
    by_name = {one.condition.name: one for one in found}
    pairs = _pairs(study, by_name, measure)
    if all(len(one.steps) < 2 for one in found):
        raise ValueError(f"difference is {difference:g}; the pilot has one run of each condition, and must have two")
    if not pairs:
        raise ValueError(
            f"difference is {difference:g}; the study has no two conditions in one environment whose {measure.title} "
            "can be compared"
        )
    level = 1.0 - (1.0 - confidence) / len(pairs)
    sized = {(a, b): _need(by_name[a], by_name[b], difference, level, power) for a, b in pairs}
    condition, reference = max(pairs, key=lambda pair: (sized[pair].seeds or float("inf"), sized[pair].planning_std))
    most = sized[condition, reference]
    return EnoughSeeds(
        most.seeds, difference, measure.title, confidence, power, len(pairs), condition, reference,
        most.std, most.planning_std, most.caution,
    )  # fmt: skip


class _Need(NamedTuple):
    """What a pair needs."""

    seeds: int | None
    std: float
    planning_std: float
    caution: str


def _need(a: Piloted, b: Piloted, difference: float, level: float, power: float) -> _Need:
    assert a.measured is not None
    assert b.measured is not None
    horizon = common_horizon([a.measured, b.measured])
    first, second = a.measured.restricted(horizon), b.measured.restricted(horizon)
    paired = np.array_equal(first.seeds, second.seeds)
    runs = [first.values - second.values] if paired else [first.values, second.values]
    std = float(np.sqrt(np.mean([values.var(ddof=1) for values in runs])))
    if std == 0.0:
        caution = f"all {len(first.values)} runs of the pilot differ by the same"
        return _Need(fewest_runs(level, paired), 0.0, 0.0, caution)
    try:
        size = seeds_needed(first.values, second.values, difference, power, level, paired)
    except ValueError:  # out of reach
        return _Need(None, std, std, "more than ten million seeds")
    return _Need(size.seeds, size.std, size.planning_std, size.caution)


def _pairs(study: Study, found: Mapping[str, Piloted], measure: Measure) -> list[tuple[str, str]]:
    """In each environment the best of every table of agents, and that of the reference's; or of one table, its best."""
    records = {condition.agent: agent_record(study.agents[condition.agent]) for condition in study.resolved}
    wanted = reference_table(records, study.origins, _table_of(study))
    tables: dict[str, dict[str, list[str]]] = {}
    for (world, table), names in tables_of(study.resolved, study.origins).items():
        known = [name for name in names if found[name].measured is not None and len(found[name].steps) > 1]
        if known:
            tables.setdefault(world, {})[table] = known

    def best(names: Sequence[str]) -> str:
        sign = 1.0 if measure.higher_is_better else -1.0
        return max(names, key=lambda name: sign * found[name].measured.values.mean())  # type: ignore[union-attr]

    pairs = []
    for here in tables.values():
        reference = best(here.get(wanted) or next(iter(here.values())))
        others = [best(names) for names in here.values()] if len(here) > 1 else next(iter(here.values()))
        pairs += [(name, reference) for name in others if name != reference]
    return pairs


def _table_of(study: Study) -> str | None:
    """The table of agents that a study is to be compared against, whether it names that, an agent or a condition."""
    for condition in study.resolved:
        table = study.origins.table("agents", condition.agent)
        if study.against in (table, condition.agent, condition.name):
            return table
    return None
