"""The axis of a hyperparameter: where its values lie, logarithmic where they are spread by factors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.figures.chart import Scale, Tick
from fastsoftq.figures.labels import value_text

__all__ = ["ValueAxis", "Values", "is_spread_by_factors", "value_axis"]

Values = NDArray[np.float64] | Sequence[float] | Sequence[str]

_ROOM = 0.04  # of the values' range, beyond either end
_FACTOR = 10.0  # from the lowest to the highest, where there is no third value to judge by


class ValueAxis(NamedTuple):
    """An axis, and the places of values on it."""

    scale: Scale
    ticks: Sequence[Tick]
    categories: Sequence[str] | None  # where values are not all numbers, in the order in which they were given

    def places(self, values: Values) -> NDArray[np.float64]:
        """Where values lie, in the unit of the scale.

        Examples
        --------
        >>> value_axis([["tied", "free"]]).places(["free", "tied"]).tolist()
        [1.0, 0.0]
        """
        if self.categories is None:
            return np.asarray(values, dtype=np.float64)
        return np.array([float(self.categories.index(value_text(value))) for value in values])


def value_axis(values: Sequence[Values], log: bool | None = None) -> ValueAxis:
    """Make the axis for the values of a hyperparameter.

    Parameters
    ----------
    values : sequence of ndarray of float64, or sequence of sequence of str
        Of each line on the chart; all numbers, or they are categories.
    log : bool, optional
        Whether numbers lie on a logarithmic axis; if not given, where they are spread by factors.

    Returns
    -------
    ValueAxis
        With a tick at each value.

    Raises
    ------
    ValueError
        No values, or `log` for values that are not all positive numbers.

    Examples
    --------
    >>> axis = value_axis([[0.01, 0.1, 1.0]])
    >>> axis.scale.kind, [text for _, text in axis.ticks]
    ('log', ['0.01', '0.1', '1'])
    """
    given = [value for each in values for value in each]
    if not given:
        raise ValueError("values: there are none; an axis needs one or more")
    if any(isinstance(value, str | bool | np.bool_) or value is None or not np.isfinite(value) for value in given):
        if log:
            raise ValueError(f"log is True, and values are not all numbers: {', '.join(map(value_text, given[:5]))}")
        names = list(dict.fromkeys(map(value_text, given)))
        return ValueAxis(Scale(-0.5, len(names) - 0.5), [(float(i), name) for i, name in enumerate(names)], names)
    numbers = np.unique(np.array(given, dtype=np.float64))
    if log and numbers[0] <= 0.0:
        raise ValueError(f"log is True, and the lowest value is {numbers[0]:g}; it must be above 0")
    log = is_spread_by_factors(numbers) if log is None else log
    low, high = float(numbers[0]), float(numbers[-1])
    if log:
        beyond = (high / low) ** _ROOM if high > low else 2.0
        scale = Scale(low / beyond, high * beyond, "log")
    else:
        room = _ROOM * (high - low) or 0.5 * abs(low) or 0.5
        scale = Scale(low - room, high + room)
    return ValueAxis(scale, [(value, value_text(value)) for value in numbers.tolist()], None)


def is_spread_by_factors(values: NDArray[np.float64]) -> bool:
    """Whether the ratios of neighbours are more even than their differences.

    Parameters
    ----------
    values : ndarray of float64, shape [n]
        Ascending, each once.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_spread_by_factors(np.array([1.0, 3.0, 10.0, 30.0])), is_spread_by_factors(np.array([0.1, 0.2, 0.3, 0.4]))
    (True, False)
    """
    if values[0] <= 0.0 or len(values) < 2:
        return False
    if len(values) == 2:
        return bool(values[1] >= _FACTOR * values[0])
    steps, ratios = np.diff(values), np.diff(np.log(values))
    return bool(ratios.std() / ratios.mean() < steps.std() / steps.mean())
