"""Spaces: which values of an agent's hyperparameters may be tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from fastsoftq import checks
from fastsoftq.agents.hyperparameters import checked

__all__ = ["Choices", "Range", "Space", "changed", "checked_space", "space_of_table"]

_DIGITS = 4  # of a number that is tried: it is part of a name, and no result hangs on a fifth


@dataclass(frozen=True)
class Range:
    """All numbers between two, of which four digits are tried.

    Parameters
    ----------
    low, high : float
        Both may be tried.
    log : bool
        Whether ratios count, not differences; `low` is then above 0.

    Raises
    ------
    TypeError
        A bound that is no number.
    ValueError
        Bounds that are not finite or in order.

    Examples
    --------
    >>> Range(0.01, 1, log=True).rounded(0.123456)
    0.1235
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            object.__setattr__(self, name, checks.number(name, getattr(self, name)))
        checks.flag("log", self.log)
        if not self.low < self.high:
            raise ValueError(f"high is {self.high}; it must be more than low, {self.low}")
        if self.log and self.low <= 0.0:
            raise ValueError(f"low is {self.low}; it must be above 0, since log counts ratios")

    def rounded(self, value: float) -> float:
        """The nearest number of four digits within the bounds."""
        return min(max(float(f"{value:.{_DIGITS}g}"), self.low), self.high)

    @property
    def any(self) -> float:
        """One of them."""
        return self.low


@dataclass(frozen=True)
class Choices:
    """Some values, none of which is nearer to another than the others.

    Parameters
    ----------
    values : sequence
        Numbers, or schedules.

    Raises
    ------
    TypeError
        No sequence.
    ValueError
        None, or one that repeats.

    Examples
    --------
    >>> Choices([1, 2, 5]).values
    (1, 2, 5)
    """

    values: tuple[Any, ...]

    def __init__(self, values: Sequence[Any]) -> None:
        if isinstance(values, str) or not isinstance(values, Sequence):
            raise TypeError(f"choices is {checks.shown(values)}; it must be a list of values")
        object.__setattr__(self, "values", tuple(values))
        if not self.values:
            raise ValueError("choices is []; there must be at least one")
        for place, value in enumerate(self.values):
            if value in self.values[:place]:
                raise ValueError(f"choices is {list(self.values)}; no value may repeat")

    @property
    def any(self) -> Any:
        """One of them."""
        return self.values[0]


Space: TypeAlias = Mapping[str, Range | Choices]
"""Ranges and choices by the path of a hyperparameter, such as "step_size" or "epsilon.start"."""


def changed(agent: Any, values: Mapping[str, Any]) -> Any:
    """An agent with other hyperparameters, by their paths.

    Raises
    ------
    ValueError
        A path that leads nowhere, or a value that the agent refuses.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.QLearning(step_size=0.5, discount=0.9, epsilon=fsq.LinearDecay(0.9, 0.1, 0.01))
    >>> changed(agent, {"step_size": 0.25, "epsilon.start": 0.5}).epsilon
    LinearDecay(start=0.5, stop=0.1, decrease=0.01)
    """
    for path, value in values.items():
        agent = _put(agent, path.split("."), value, path)
    return checked(agent)


def checked_space(agent: Any, space: Any) -> dict[str, Range | Choices]:
    """A space whose every corner is an agent.

    Parameters
    ----------
    agent : NamedTuple
    space : mapping of str to Range, Choices or sequence
        A sequence stands for `Choices`.

    Returns
    -------
    dict of str to Range or Choices

    Raises
    ------
    TypeError, ValueError
        Something else; the message names the hyperparameter.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> checked_space(fsq.QLearning(step_size=0.5, discount=0.9), {"step_size": [0.1, 0.5]})
    {'step_size': Choices(values=(0.1, 0.5))}
    """
    if not isinstance(space, Mapping):
        raise TypeError(f"space is {checks.shown(space)}; it must be a mapping of hyperparameters to ranges or choices")
    if not space:
        raise ValueError("space is empty; there must be a hyperparameter to choose")
    found: dict[str, Range | Choices] = {}
    for path, given in space.items():
        checks.text("hyperparameter", path)
        kind = given if isinstance(given, Range | Choices) else Choices(given)
        for value in (kind.low, kind.high) if isinstance(kind, Range) else kind.values:
            changed(agent, {path: value})
        found[path] = kind
    return found


def space_of_table(table: Mapping[str, Any], above: str = "") -> dict[str, Range | Choices]:
    """The space that a table of TOML describes.

    Parameters
    ----------
    table : mapping
        `{ low, high }`, perhaps with `log`, or `{ choices }`, by hyperparameter; those of a schedule in a table of its
        own.

    Returns
    -------
    dict of str to Range or Choices

    Raises
    ------
    TypeError, ValueError
        The message names the hyperparameter.

    Examples
    --------
    >>> space_of_table({"step_size": {"low": 0.1, "high": 1.0}, "epsilon": {"start": {"choices": [0.5, 0.9]}}})
    {'step_size': Range(low=0.1, high=1.0, log=False), 'epsilon.start': Choices(values=(0.5, 0.9))}
    """
    found: dict[str, Range | Choices] = {}
    for name, entry in table.items():
        path = f"{above}{name}"
        if not isinstance(entry, Mapping):
            raise TypeError(
                f"{path} is {checks.shown(entry)}; it must be {{ low, high }}, perhaps with log, or {{ choices }}"
            )
        try:
            if set(entry) == {"choices"}:
                found[path] = Choices(entry["choices"])
            elif {"low", "high"} <= set(entry) <= {"low", "high", "log"}:
                found[path] = Range(**entry)
            elif not entry or {"low", "high", "log", "choices"} & set(entry):
                raise ValueError(
                    f"it has {', '.join(entry) or 'nothing'}; a range is {{ low, high }}, perhaps with log"
                )
            else:
                found |= space_of_table(entry, f"{path}.")
                continue
        except (TypeError, ValueError) as error:
            raise type(error)(f"{path}: {error}") from None
    return found


def _put(agent: Any, path: Sequence[str], value: Any, whole: str) -> Any:
    fields = getattr(agent, "_fields", ())
    name = checks.choice("hyperparameter", path[0], fields) if fields else None
    if name is None:
        raise ValueError(f"hyperparameter {whole!r} is not known; no schedule has {path[0]!r}")
    if len(path) > 1:
        value = _put(getattr(agent, name), path[1:], value, whole)
    return agent._replace(**{name: value})
