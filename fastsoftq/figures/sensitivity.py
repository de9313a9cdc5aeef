"""Sensitivity: what is earned over the values of a hyperparameter, a line for each algorithm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.figures.chart import Band, Chart, Line, Name, Ring, Scale
from fastsoftq.figures.interval_chart import DWARFING, usual_width
from fastsoftq.figures.value_axis import Values, value_axis

__all__ = ["Series", "sensitivity_chart"]

_STROKE = 0.015  # half the length, of the axis, of a stroke for an exact answer that stands alone


@dataclass(frozen=True, eq=False)
class Series:
    """A line: a number with its interval for each value of a hyperparameter.

    Attributes
    ----------
    label, colour : str
    dash : str
        Lengths of strokes and gaps, as `dashes` gives them; empty for a whole line.
    x : ndarray of float64, shape [n], or sequence of str
        The values, ascending; texts are categories.
    mean, low, high : ndarray of float64, shape [n]
        A mean of NaN is not drawn.
    best : int or None
        Which value is best.
    exact : ndarray of float64, shape [n], or None
        The exact answer for each value; NaN where it is not known.
    lowest, highest : ndarray of float64, shape [n], or None
        How far the mean spreads over all values of the other hyperparameters.

    Examples
    --------
    >>> y = np.array([-30.0, -20.0])
    >>> Series("soft", "#0064a0", "", np.array([0.1, 0.5]), y, y - 1.0, y + 1.0, best=1).best
    1
    """

    label: str
    colour: str
    dash: str
    x: Values
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    best: int | None = None
    exact: NDArray[np.float64] | None = None
    lowest: NDArray[np.float64] | None = None
    highest: NDArray[np.float64] | None = None


def sensitivity_chart(series: Sequence[Series], xlabel: str, ylabel: str, log_x: bool | None = None) -> Chart:
    """The chart of some lines over the values of a hyperparameter.

    Parameters
    ----------
    series : sequence of Series
    xlabel, ylabel : str
    log_x : bool, optional
        Whether values lie on a logarithmic axis; if not given, where they are spread by factors.

    Returns
    -------
    Chart
        A ring marks the best of each line, and ticks stand at the values. Intervals and spreads end where axes do,
        which shows means and exact answers, and of bands as much again, or twice as much as a usual one is wide
        where that does not dwarf the means.

    Raises
    ------
    ValueError
        No series, or a logarithmic axis for values that are not all above 0.

    Examples
    --------
    >>> y = np.array([-30.0, -20.0, -25.0])
    >>> one = Series("soft", "#0064a0", "", np.array([1.0, 10.0, 100.0]), y, y - 1.0, y + 1.0, best=1)
    >>> chart = sensitivity_chart([one], "reward scale k", "return")
    >>> chart.x.kind, [text for _, text in chart.xticks], [ring.y for ring in chart.rings if not ring.filled]
    ('log', ['1', '10', '100'], [-20.0])
    """
    axis = value_axis([each.x for each in series], log_x)
    series = [_known(each) for each in series]
    chart = Chart(axis.scale, _scale(series), xlabel, ylabel, xticks=axis.ticks)
    placed = [(each, axis.places(each.x)) for each in series]
    for each, x in placed:
        if each.lowest is not None and each.highest is not None:
            chart.marks.append(Band(x, each.lowest, each.highest, each.colour, "spread"))
    chart.marks += [mark for each, x in placed for mark in _intervals(each, x, axis.categories is not None, chart.y)]
    for each, x in placed:
        if each.exact is not None:
            chart.marks += [Line(*known, "exact", each.colour) for known in _stretches(x, each.exact, axis.scale)]
    for each, x in placed:
        chart.marks.append(Line(x, each.mean, "mean", each.colour, each.label, each.dash))
        chart.names += [Name(y, each.label, each.colour, each.dash) for y in each.mean[-1:].tolist()]
        places = enumerate(zip(x.tolist(), each.mean.tolist(), strict=True))
        chart.rings += [Ring(*place, each.colour, filled=i != each.best) for i, place in places]
    return chart


def _known(each: Series) -> Series:
    """A line without the values at which nothing is known."""
    known = np.isfinite(each.mean)
    if known.all():
        return each
    best = None if each.best is None or not known[each.best] else int(known[: each.best].sum())
    x = [value for value, there in zip(each.x, known.tolist(), strict=True) if there]
    lines = {name: getattr(each, name) for name in ("mean", "low", "high", "exact", "lowest", "highest")}
    kept: dict[str, Any] = {name: None if line is None else line[known] for name, line in lines.items()}
    return replace(each, x=x if isinstance(each.x, list | tuple) else np.array(x), best=best, **kept)


def _stretches(
    x: NDArray[np.float64], y: NDArray[np.float64], scale: Scale
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """The parts of a line where its values are known; one that is alone is a stroke."""
    known = np.flatnonzero(np.isfinite(y))
    for part in np.split(known, np.flatnonzero(np.diff(known) > 1) + 1):
        if len(part) > 1:
            yield x[part], y[part]
        elif len(part):
            aside = np.array([-_STROKE, _STROKE])
            if scale.kind == "log":
                yield x[part] * (scale.high / scale.low) ** aside, y[part].repeat(2)
            else:
                yield x[part] + (scale.high - scale.low) * aside, y[part].repeat(2)


def _intervals(each: Series, x: NDArray[np.float64], apart: bool, y: Scale) -> list[Band | Line]:
    """A band around the line; between categories, and around a single value, there is nothing: whiskers instead."""
    if len(x) > 1 and not apart:
        return [Band(x, each.low, each.high, each.colour)]
    low, high = (np.clip(values, y.low, y.high).tolist() for values in (each.low, each.high))
    ends = zip(x.tolist(), low, high, strict=True)
    return [Line(np.array([at, at]), np.array([low, high]), "whisker", each.colour) for at, low, high in ends]


def _scale(series: Sequence[Series]) -> Scale:
    """The scale of all means, and of usual intervals as far as they do not dwarf these."""
    lines = [line[np.isfinite(line)] for each in series for line in (each.mean, each.exact) if line is not None]
    shown = np.concatenate(lines) if lines else np.zeros(1)
    shown = shown if len(shown) else np.zeros(1)
    ends = np.concatenate([np.column_stack([each.low, each.high]) for each in series])
    across, usual = float(np.ptp(shown)), 2.0 * usual_width(ends)
    reach = max(across, min(usual, DWARFING * across) if across else usual)
    reach = reach or max(1.0, 0.1 * float(np.abs(shown).max()))
    held = np.clip(ends.ravel(), shown.min() - reach, shown.max() + reach)
    values = [shown, held[~np.isnan(held)]]
    return Scale.of_values([v for v in values if len(v)], [float(np.max(shown))])
