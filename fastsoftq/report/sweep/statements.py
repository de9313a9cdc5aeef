"""How many statements a report makes of a sweep, from its coordinates alone: they share the error of the report."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

from fastsoftq.report.decision import ErrorRate
from fastsoftq.report.sweep.references import names_of_table
from fastsoftq.report.sweep.swept_study import SweptStudy

__all__ = ["summary_error_rate", "sweep_error_rate"]

_OF_CURVES = 2  # bands of return and length, of an algorithm's best
_OF_SUITE = 3  # interquartile mean, optimality gap and profile of an algorithm across worlds


def sweep_error_rate(sweep: SweptStudy, worlds: Sequence[str]) -> ErrorRate:
    """Count what is said of a sweep.

    Parameters
    ----------
    sweep : SweptStudy
    worlds : sequence of str
        Of each condition.

    Returns
    -------
    ErrorRate
        Its `conditions` are those whose learning curves are shown, an algorithm's best in each world.

    Examples
    --------
    >>> columns = {"agent": ("soft", "soft"), "algorithm": ("soft_q_learning",) * 2, "reward_scale": (2.0, 10.0)}
    >>> sweep_error_rate(SweptStudy(columns, ("reward_scale",), lambda place: None), ["cliff", "cliff"])
    ErrorRate(conditions=1, pairs=0, descriptions=5, tests=2)
    """
    measures = len(sweep.measures)
    shown = descriptions = tests = 0
    names = list(dict.fromkeys(worlds))
    for world in names:
        places = [place for place, other in enumerate(worlds) if other == world]
        tables = list(dict.fromkeys(sweep.tables[place] for place in places))
        shown += len(tables)
        descriptions += measures * (len(places) + len(tables))  # the table, and what is chosen on other seeds
        tests += 1 + measures * (
            len(tables) - 1 + _is_condition_named(sweep, places)
        )  # the best, and against a reference
        for table in tables:
            parameters = sweep.parameters(table)
            own = [place for place in places if sweep.tables[place] == table]
            values = [len({(type(v) is bool, v) for v in (sweep.coordinates[p][i] for i in own)}) for p in parameters]
            descriptions += sum(values)  # intervals over each parameter
            tests += len(parameters) + comb(len(parameters), 2)  # plateaus, and the cells of heat maps
            if table != tables[0]:
                tests += max(values, default=0)  # settings that are matched
    if len(names) > 1:
        tables = list(dict.fromkeys(sweep.tables))
        tests += _OF_SUITE * len(tables) + 1  # and their ranks
    return ErrorRate(shown, 0, descriptions, tests)


def summary_error_rate(sweep: SweptStudy, worlds: Sequence[str]) -> ErrorRate:
    """Count what is said of a sweep of which summaries are kept.

    Parameters
    ----------
    sweep : SweptStudy
    worlds : sequence of str
        Of each condition.

    Returns
    -------
    ErrorRate
        What is chosen, and what is said over parameters, are intervals of the table, which hold together; plateaus and
        cells follow from the best of an algorithm.

    Examples
    --------
    >>> columns = {"agent": ("soft", "soft"), "algorithm": ("soft_q_learning",) * 2, "reward_scale": (2.0, 10.0)}
    >>> summary_error_rate(SweptStudy(columns, ("reward_scale",), lambda place: None), ["cliff", "cliff"])
    ErrorRate(conditions=0, pairs=0, descriptions=4, tests=2)
    """
    measures = len(sweep.measures)
    descriptions, tests = measures * len(worlds), 0
    for world in dict.fromkeys(worlds):
        places = [place for place, other in enumerate(worlds) if other == world]
        own = [sweep.tables[place] for place in places]
        tables = list(dict.fromkeys(own))
        descriptions += _OF_CURVES * len(tables)
        compared = len(tables) - 1 + _is_condition_named(sweep, places)
        tests += (len(own) > 1) + measures * compared  # the best, and the others against a reference
        tests += sum(bool(sweep.parameters(table)) for table in tables)  # the best of each, over its parameters
        tests += sum(max(_values(sweep, table), default=0) for table in tables[1:])  # settings that are matched
    return ErrorRate(0, 0, descriptions, tests)


def _is_condition_named(sweep: SweptStudy, places: Sequence[int]) -> bool:
    """Whether others may be compared with a very condition: then its own algorithm at its best is, too."""
    return sweep.against is not None and not any(sweep.against in names_of_table(sweep, place) for place in places)


def _values(sweep: SweptStudy, table: str) -> list[int]:
    """How many values each parameter of an algorithm takes."""
    places = [place for place, other in enumerate(sweep.tables) if other == table]
    columns = [[sweep.coordinates[name][place] for place in places] for name in sweep.parameters(table)]
    return [len({(type(value) is bool, value) for value in column}) for column in columns]
