"""The kinds of measures: what each is called, what numbers it asks for, and how it reduces a run to one number."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fastsoftq.checks import count, in_unit_interval, number, positive
from fastsoftq.comparing import LAST, Axis, Curves
from fastsoftq.measures.measure_bounds import (
    Bounds,
    bounds_of_episodes,
    bounds_of_lengths,
    bounds_of_regret,
    bounds_of_returns,
    bounds_of_steps,
)
from fastsoftq.measures.run_values import Exact, Floats, Measured, Optimum
from fastsoftq.statistics.efficiency import moving_average, times_to
from fastsoftq.system.html import value_text

__all__ = ["KINDS", "MEASURES", "Kind", "kind_of", "numbers_of"]


class _Asked(NamedTuple):
    """A number that a kind asks for: its letter, its check, and its default, or None where it must be given."""

    letter: str
    check: Callable[[str, Any], float]
    default: Callable[[Axis], float] | None = None


class Kind(NamedTuple):
    """A kind of measure.

    Columns of curves are episodes, or points on a grid of steps; `N` and `W` count them.

    Examples
    --------
    >>> KINDS["steps_to"].pattern, KINDS["area"].unit
    ('steps_to:R[:W]', 'return')
    """

    words: str
    title: Callable[..., str]
    unit: str
    higher_is_better: bool
    values: Callable[..., Measured]
    bounds: Callable[..., Bounds]
    asks: tuple[_Asked, ...] = ()
    needs_optimum: bool = False
    needs_exact: bool = False
    comparison_only: bool = False
    window: int | None = None  # which of its numbers are columns that all of fewer stand for
    of_last: bool = False  # whether its title names the last columns, as `last`
    of_episodes: bool = False  # whether points on a grid of steps do not have it
    is_time: bool = False  # whether it is when a run gets somewhere, which some never do

    @property
    def least(self) -> int:
        """How many numbers a name shows at least: those without a default, or else the first."""
        return max(sum(asked.default is None for asked in self.asks), min(1, len(self.asks)))

    @property
    def counted(self) -> int | None:
        """Which of its numbers counts columns of curves, if one does: `N`, or the window `W`."""
        return next((place for place, asked in enumerate(self.asks) if asked.letter in ("N", "W")), None)

    @property
    def pattern(self) -> str:
        """The name with letters for its numbers; those that may be left out in brackets."""
        name = next(name for name, kind in KINDS.items() if kind is self)
        return name + "".join(f":{a.letter}" if a.default is None else f"[:{a.letter}]" for a in self.asks)


def kind_of(wanted: str) -> str:
    """Return the kind that a name begins with; refuse others with the nearest.

    Parameters
    ----------
    wanted : str

    Returns
    -------
    str

    Raises
    ------
    ValueError

    Examples
    --------
    >>> kind_of("last:50")
    'last'
    >>> kind_of("aera")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: measure is 'aera'; did you mean 'area'? It must be one of 'last[:N]', 'area', ...
    """
    kind = wanted.partition(":")[0]
    if kind not in KINDS:
        near = difflib.get_close_matches(kind, KINDS, 1, cutoff=0.5)
        nearest = f"did you mean {KINDS[near[0]].pattern!r}? It" if near else "it"
        raise ValueError(f"measure is {wanted!r}; {nearest} must be one of {', '.join(map(repr, MEASURES))}")
    return kind


def numbers_of(wanted: str, kind: Kind, axis: Axis = Axis.EPISODES) -> tuple[float, ...]:
    """Return the numbers after the colons of a name, checked, defaults for those left out.

    Parameters
    ----------
    wanted : str
    kind : Kind
    axis : Axis

    Returns
    -------
    tuple of float

    Raises
    ------
    ValueError

    Examples
    --------
    >>> numbers_of("steps_to:-20", KINDS["steps_to"])
    (-20.0, 1)
    >>> numbers_of("last", KINDS["last"]), numbers_of("last", KINDS["last"], Axis.POINTS)
    ((100,), (10,))
    """
    if kind.of_episodes and axis is not Axis.EPISODES:
        name = wanted.partition(":")[0]
        raise ValueError(
            f"measure is {wanted!r}; on a grid of steps it must be {KINDS[name.replace('episodes', 'steps')].pattern!r}"
        )
    given = wanted.split(":")[1:]
    if len(given) > len(kind.asks):
        raise ValueError(f"measure is {wanted!r}; it must be {kind.pattern!r}, without more numbers")
    found = []
    for i, asked in enumerate(kind.asks):
        if i >= len(given):
            if asked.default is None:
                raise ValueError(f"measure is {wanted!r}; it must be {kind.pattern!r}: {asked.letter} is missing")
            found.append(asked.default(axis))
            continue
        try:
            value = float(given[i])
            found.append(asked.check(asked.letter, int(value) if value.is_integer() else value))
        except (TypeError, ValueError, OverflowError) as error:
            why = str(error) if "convert" not in str(error) else f"{asked.letter} is {given[i]!r}; it must be a number"
            raise ValueError(f"measure is {wanted!r}: {why}") from error
    return tuple(found)


def _fraction(name: str, value: Any) -> float:
    return in_unit_interval(name, value, open_below=True, open_above=True)


def _of_last(what: str) -> Callable[..., str]:
    def title(axis: Axis, columns: float) -> str:
        return f"{what} over {axis.over_last(columns)}"

    return title


def _reaching(what: str) -> Callable[[Axis, float, float], str]:
    def title(axis: Axis, threshold: float, window: float) -> str:
        single = "a return" if axis is Axis.EPISODES else "the return"
        of = single if window == 1 else f"the mean return of {value_text(window)} {axis.value}"
        return f"{what} until {of} reaches {value_text(threshold)}"

    return title


def _staying(what: str) -> Callable[[Axis, float, float], str]:
    def title(axis: Axis, distance: float, window: float) -> str:
        counted = "" if what == axis.value else f" {axis.value}"
        of = f"the mean return of {value_text(window)}{counted}"
        return f"{what} until {of} stays within {value_text(distance)} of the exact answer"

    return title


def _last(axis: Axis, curves: Curves, exact: Exact | None, columns: int) -> Measured:
    return Measured(_returns(curves)[:, -columns:].mean(axis=1), curves.seeds)


def _worst(axis: Axis, curves: Curves, exact: Exact | None, fraction: float) -> Measured:
    return _last(axis, curves, exact, axis.last)


def _improvement(axis: Axis, curves: Curves, exact: Exact | None) -> Measured:
    return _last(axis, curves, exact, axis.last)


def _area(axis: Axis, curves: Curves, exact: Exact | None) -> Measured:
    return Measured(_returns(curves).mean(axis=1), curves.seeds)


def _length(axis: Axis, curves: Curves, exact: Exact | None, columns: int) -> Measured:
    return Measured(np.asarray(curves.lengths, np.float64)[:, -columns:].mean(axis=1), curves.seeds)


def _steps_to(axis: Axis, curves: Curves, exact: Exact | None, threshold: float, window: int) -> Measured:
    found = times_to(_returns(curves), threshold, axis.steps(curves), window=window)
    return Measured(found.time, curves.seeds, ~found.reached, found.horizon)


def _episodes_to(axis: Axis, curves: Curves, exact: Exact | None, threshold: float, window: int) -> Measured:
    found = times_to(_returns(curves), threshold, window=window)
    return Measured(found.time, curves.seeds, ~found.reached, found.horizon)


def _regret(axis: Axis, curves: Curves, optimum: Optimum) -> Measured:
    return Measured((optimum.optimum - _returns(curves)).sum(axis=1), curves.seeds)


def _episodes_within(axis: Axis, curves: Curves, exact: Exact, distance: float, window: int) -> Measured:
    """Count the episodes up to the end of the first window from which on every window is near its exact answer."""
    columns, never = _columns_within(axis, curves, exact, distance, window)
    return Measured(columns.astype(np.float64), curves.seeds, never, float(curves.returns.shape[1]))


def _steps_within(axis: Axis, curves: Curves, exact: Exact, distance: float, window: int) -> Measured:
    """Count the steps up to the same."""
    columns, never = _columns_within(axis, curves, exact, distance, window)
    clock = axis.steps(curves).cumsum(axis=1, dtype=np.float64)
    time = clock[np.arange(len(clock)), columns - 1]
    return Measured(time, curves.seeds, never, float((clock[never, -1] if never.any() else clock[:, -1]).min()))


def _columns_within(axis: Axis, curves: Curves, exact: Exact, distance: float, window: int) -> tuple[Any, Any]:
    """The columns up to then, or all of a run that never gets there; and which runs never do."""
    returns, expected = _returns(curves), np.asarray(exact.returns, np.float64)
    columns = returns.shape[1]
    if expected.shape != (columns,):
        raise ValueError(f"exact.returns has shape {expected.shape}; curves have {columns} {axis.value}")
    window = min(window, columns)
    away = np.abs(moving_average(returns, window) - moving_average(expected[None], window)) > distance
    windows = away.shape[1]
    # The last window that is away, counted from 1; 0 where none is.
    last = np.where(away.any(axis=1), windows - away[:, ::-1].argmax(axis=1), 0)
    return np.minimum(last + window, columns), last == windows


def _returns(curves: Curves) -> Floats:
    return np.asarray(curves.returns, dtype=np.float64)


def _one(axis: Axis) -> float:
    return 1


def _last_of(axis: Axis) -> float:
    return axis.last


_WINDOW = _Asked("W", count, _one)
_MANY = _Asked("N", count, _last_of)
_STEADY = _Asked("W", count, _last_of)

#: Kinds by name.
KINDS: dict[str, Kind] = {
    "last": Kind(
        f"mean return over the last N episodes, {LAST} unless said",
        _of_last("mean return"),
        "return",
        True,
        _last,
        bounds_of_returns,
        (_MANY,),
        window=0,
    ),
    "area": Kind(
        "mean return over all episodes, the area under the learning curve",
        lambda axis: f"mean return over all {axis.value}",
        "return",
        True,
        _area,
        bounds_of_returns,
    ),
    "length": Kind(
        f"mean steps of an episode over the last N, {LAST} unless said",
        _of_last("mean steps of an episode"),
        "steps",
        False,
        _length,
        bounds_of_lengths,
        (_MANY,),
        window=0,
    ),
    "steps_to": Kind(
        "steps until the mean return of W episodes, of one unless said, reaches R",
        _reaching("steps"),
        "steps",
        False,
        _steps_to,
        bounds_of_steps,
        (_Asked("R", number), _WINDOW),
        is_time=True,
    ),
    "episodes_to": Kind(
        "episodes until the mean return of W episodes, of one unless said, reaches R",
        _reaching("episodes"),
        "episodes",
        False,
        _episodes_to,
        bounds_of_episodes,
        (_Asked("R", number), _WINDOW),
        is_time=True,
        of_episodes=True,
    ),
    "regret": Kind(
        "what all episodes together return less than the exact optimum",
        lambda axis: f"regret against the exact optimum, over all {axis.value}",
        "return",
        False,
        _regret,
        bounds_of_regret,
        needs_optimum=True,
    ),
    "episodes_within": Kind(
        f"episodes from which on the mean return of W, {LAST} unless said, stays within E of the exact answer",
        _staying("episodes"),
        "episodes",
        False,
        _episodes_within,
        bounds_of_episodes,
        (_Asked("E", positive), _STEADY),
        needs_exact=True,
        window=1,
        is_time=True,
        of_episodes=True,
    ),
    "steps_within": Kind(
        f"steps from which on the mean return of W episodes, {LAST} unless said, stays within E of the exact answer",
        _staying("steps"),
        "steps",
        False,
        _steps_within,
        bounds_of_steps,
        (_Asked("E", positive), _STEADY),
        needs_exact=True,
        window=1,
        is_time=True,
    ),
    "worst": Kind(
        f"mean of the worst part P of the runs, of their last {LAST} episodes; 0.05 unless said",
        lambda axis, fraction, last=0: (
            f"mean of the worst {value_text(100.0 * fraction)}% of runs over {axis.over_last(last or axis.last)}"
        ),
        "return",
        True,
        _worst,
        bounds_of_returns,
        (_Asked("P", _fraction, lambda axis: 0.05),),
        of_last=True,
    ),
    "improvement": Kind(
        f"how often a run is better than one of the reference, over the last {LAST} episodes; a comparison only",
        lambda axis, last=0: f"probability of improvement over {axis.over_last(last or axis.last)}",
        "probability",
        True,
        _improvement,
        bounds_of_returns,
        comparison_only=True,
        of_last=True,
    ),
}

#: What each name means, by its pattern; what stands in brackets may be left out.
MEASURES: dict[str, str] = {kind.pattern: kind.words for kind in KINDS.values()}
