"""The kinds of measures: what each is called, what numbers it asks for, and how it reduces a run to one number."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fastsoftq.checks import count, in_unit_interval, number, positive
from fastsoftq.comparing import LAST, Curves
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

#: Episodes averaged before a run is held against its exact answer, unless said otherwise.
_STEADY = 100


class _Asked(NamedTuple):
    """A number that a kind asks for: its letter, its check, and its default, or None where it must be given."""

    letter: str
    check: Callable[[str, Any], float]
    default: float | None = None


class Kind(NamedTuple):
    """A kind of measure.

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
    window: int | None = None  # which of its numbers are episodes that all of fewer stand for
    of_last: bool = False  # whether its title names the last episodes, as `last`

    @property
    def least(self) -> int:
        """How many numbers a name shows at least: those without a default, or else the first."""
        return max(sum(asked.default is None for asked in self.asks), min(1, len(self.asks)))

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


def numbers_of(wanted: str, kind: Kind) -> tuple[float, ...]:
    """Return the numbers after the colons of a name, checked, defaults for those left out.

    Parameters
    ----------
    wanted : str
    kind : Kind

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
    """
    given = wanted.split(":")[1:]
    if len(given) > len(kind.asks):
        raise ValueError(f"measure is {wanted!r}; it must be {kind.pattern!r}, without more numbers")
    found = []
    for i, asked in enumerate(kind.asks):
        if i >= len(given):
            if asked.default is None:
                raise ValueError(f"measure is {wanted!r}; it must be {kind.pattern!r}: {asked.letter} is missing")
            found.append(asked.default)
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


def _over_last(episodes: float) -> str:
    return "the last episode" if episodes == 1 else f"the last {value_text(episodes)} episodes"


def _reaching(what: str) -> Callable[[float, float], str]:
    def title(threshold: float, window: float) -> str:
        of = "a return" if window == 1 else f"the mean return of {value_text(window)} episodes"
        return f"{what} until {of} reaches {value_text(threshold)}"

    return title


def _last(curves: Curves, exact: Exact | None, episodes: int) -> Measured:
    return Measured(_returns(curves)[:, -episodes:].mean(axis=1), curves.seeds)


def _worst(curves: Curves, exact: Exact | None, fraction: float) -> Measured:
    return _last(curves, exact, LAST)


def _improvement(curves: Curves, exact: Exact | None) -> Measured:
    return _last(curves, exact, LAST)


def _area(curves: Curves, exact: Exact | None) -> Measured:
    return Measured(_returns(curves).mean(axis=1), curves.seeds)


def _length(curves: Curves, exact: Exact | None, episodes: int) -> Measured:
    return Measured(np.asarray(curves.lengths, np.float64)[:, -episodes:].mean(axis=1), curves.seeds)


def _steps_to(curves: Curves, exact: Exact | None, threshold: float, window: int) -> Measured:
    found = times_to(_returns(curves), threshold, curves.lengths, window=window)
    return Measured(found.time, curves.seeds, ~found.reached, found.horizon)


def _episodes_to(curves: Curves, exact: Exact | None, threshold: float, window: int) -> Measured:
    found = times_to(_returns(curves), threshold, window=window)
    return Measured(found.time, curves.seeds, ~found.reached, found.horizon)


def _regret(curves: Curves, optimum: Optimum) -> Measured:
    return Measured((optimum.optimum - _returns(curves)).sum(axis=1), curves.seeds)


def _episodes_within(curves: Curves, exact: Exact, distance: float, window: int) -> Measured:
    """Count the episodes up to the end of the first window from which on every window is near its exact answer."""
    returns, expected = _returns(curves), np.asarray(exact.returns, np.float64)
    episodes = returns.shape[1]
    if expected.shape != (episodes,):
        raise ValueError(f"exact.returns has shape {expected.shape}; curves have {episodes} episodes")
    window = min(window, episodes)
    away = np.abs(moving_average(returns, window) - moving_average(expected[None], window)) > distance
    windows = away.shape[1]
    # The last window that is away, counted from 1; 0 where none is.
    last = np.where(away.any(axis=1), windows - away[:, ::-1].argmax(axis=1), 0)
    time = np.minimum(last + window, episodes).astype(np.float64)
    return Measured(time, curves.seeds, last == windows, float(episodes))


def _returns(curves: Curves) -> Floats:
    return np.asarray(curves.returns, dtype=np.float64)


_WINDOW = _Asked("W", count, 1)

#: Kinds by name.
KINDS: dict[str, Kind] = {
    "last": Kind(
        "mean return over the last N episodes, 100 unless said",
        lambda episodes: f"mean return over {_over_last(episodes)}",
        "return",
        True,
        _last,
        bounds_of_returns,
        (_Asked("N", count, LAST),),
        window=0,
    ),
    "area": Kind(
        "mean return over all episodes, the area under the learning curve",
        lambda: "mean return over all episodes",
        "return",
        True,
        _area,
        bounds_of_returns,
    ),
    "length": Kind(
        "mean steps of an episode over the last N, 100 unless said",
        lambda episodes: f"mean steps of an episode over {_over_last(episodes)}",
        "steps",
        False,
        _length,
        bounds_of_lengths,
        (_Asked("N", count, LAST),),
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
    ),
    "episodes_to": Kind(
        "episodes until the mean return of W episodes, of one unless said, reaches R",
        _reaching("episodes"),
        "episodes",
        False,
        _episodes_to,
        bounds_of_episodes,
        (_Asked("R", number), _WINDOW),
    ),
    "regret": Kind(
        "what all episodes together return less than the exact optimum",
        lambda: "regret against the exact optimum, over all episodes",
        "return",
        False,
        _regret,
        bounds_of_regret,
        needs_optimum=True,
    ),
    "episodes_within": Kind(
        "episodes from which on the mean return of W, 100 unless said, stays within E of the exact answer",
        lambda distance, window: (
            f"episodes until the mean return of {value_text(window)} stays within {value_text(distance)} of the exact "
            "answer"
        ),
        "episodes",
        False,
        _episodes_within,
        bounds_of_episodes,
        (_Asked("E", positive), _Asked("W", count, _STEADY)),
        needs_exact=True,
        window=1,
    ),
    "worst": Kind(
        f"mean of the worst part P of the runs, of their last {LAST} episodes; 0.05 unless said",
        lambda fraction, last=LAST: (
            f"mean of the worst {value_text(100.0 * fraction)}% of runs over {_over_last(last)}"
        ),
        "return",
        True,
        _worst,
        bounds_of_returns,
        (_Asked("P", _fraction, 0.05),),
        of_last=True,
    ),
    "improvement": Kind(
        f"how often a run is better than one of the reference, over the last {LAST} episodes; a comparison only",
        lambda last=LAST: f"probability of improvement over {_over_last(last)}",
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
