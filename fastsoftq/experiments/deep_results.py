"""What the deep experiments make of their results: curves with networks, arrays, rows and words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from fastsoftq.deep.deep_curves import DeepCurves
from fastsoftq.report.decision import sign
from fastsoftq.report.rounding import interval_text
from fastsoftq.statistics import Comparison
from fastsoftq.studies import Results

__all__ = ["alike", "curve_arrays", "told_text", "with_parameters"]


def with_parameters(results: Results, condition: str) -> DeepCurves:
    """The curves of a condition with the parameters of its networks.

    Parameters
    ----------
    results : Results
    condition : str

    Returns
    -------
    DeepCurves
    """
    curves: DeepCurves = results.curves(condition)
    return replace(curves, parameters=results.parameters(condition))


def curve_arrays(results: Results, fields: Sequence[str]) -> dict[str, Callable[[], NDArray[Any]]]:
    """Fields of the curves of all conditions, read when they are written; and the seeds of the first.

    Parameters
    ----------
    results : Results
    fields : sequence of str
        Of `DeepCurves`.

    Returns
    -------
    dict of str to callable
        For `Findings.arrays`.
    """

    def reader(condition: str, field: str) -> Callable[[], NDArray[Any]]:
        return lambda: getattr(results.curves(condition), field)

    arrays = {"seeds": reader(results.conditions[0], "seeds")}
    for condition in results.conditions:
        name = re.sub(r"[^\w.-]+", "_", condition)
        arrays |= {f"{name}_{field}": reader(condition, field) for field in fields}
    return arrays


def alike(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows with the same columns; what one does not have is None.

    Examples
    --------
    >>> alike([{"a": 1}, {"b": 2}])
    [{'a': 1, 'b': None}, {'a': None, 'b': 2}]
    """
    columns = dict.fromkeys(column for row in rows for column in row)
    return [{**columns, **row} for row in rows]


def told_text(found: Mapping[str, Comparison], more: str, less: str) -> str:
    """Many comparisons with the same reference in few words: by how much, of those that are told apart alone.

    Parameters
    ----------
    found : mapping of str to Comparison
        By the name of the first of each pair.
    more, less : str
        What to say before how much more, or less.

    Returns
    -------
    str
        Such as "more by 3.0 [1.2, 4.8] (a); not told apart: b, c", or "none is told apart".

    Examples
    --------
    >>> import numpy as np
    >>> from fastsoftq.experiments.certainty import compare_together
    >>> a = np.arange(20.0)
    >>> told_text(compare_together({"b": (a + 25.0, a[::-1]), "c": (a, a[::-1])}), "more by", "less by")
    'more by 25 [19, 31] (b); not told apart: c'
    """
    texts = []
    for name, one in found.items():
        if sign(one):
            ends = sorted((abs(one.low), abs(one.high)))
            texts.append(f"{more if sign(one) > 0 else less} {interval_text(abs(one.difference), *ends)} ({name})")
    if not texts:
        return "none is told apart"
    apart = [name for name, one in found.items() if not sign(one)]
    return "; ".join([*texts, *([f"not told apart: {', '.join(apart)}"] if apart else [])])
