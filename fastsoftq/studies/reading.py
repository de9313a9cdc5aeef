"""Reading: what a study says of how its results are read and how many seeds are run, on which no result depends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from fastsoftq import checks
from fastsoftq.comparing import Axis
from fastsoftq.studies.origins import Origins, origins_from_record
from fastsoftq.studies.selection import Selection
from fastsoftq.studies.stopping import Stop

__all__ = ["Reading", "check_windows", "known_measures", "reading_from_record"]


@dataclass(frozen=True)
class Reading:
    """How a study's results are read. It is no part of the study's identity, and its folder keeps the latest.

    Parameters
    ----------
    measures : tuple of str
        By which conditions are compared, such as "last:100"; the first is the main one.
    against : str, optional
        What others are compared with: an agent, the table of agents, or a condition.
    select : Selection, optional
        On which seeds hyperparameters are chosen, and on which compared.
    stop : Stop, optional
        When there are enough seeds.
    origins : Origins
        Where environments and agents come from.

    Raises
    ------
    TypeError
        An argument of another type.
    ValueError
        A measure that is empty or repeats.

    Examples
    --------
    >>> Reading(measures=("last:100", "area"), against="hard").record()
    {'measures': ['last:100', 'area'], 'against': 'hard'}
    """

    measures: tuple[str, ...] = ()
    against: str | None = None
    select: Selection | None = None
    stop: Stop | None = None
    origins: Origins = field(default_factory=Origins)

    def __post_init__(self) -> None:
        measures = checks.rows("measures", self.measures)
        for place, measure in enumerate(measures):
            if not measure:
                raise ValueError(f"measures[{place}] is ''; it must be the name of a measure, such as 'last:100'")
            if measure in measures[:place]:
                raise ValueError(f"measures[{place}] is {measure!r}, as measures[{measures.index(measure)}]")
        object.__setattr__(self, "measures", measures)
        if self.against is not None:
            checks.text("against", self.against)
        for name, kind in (("select", Selection), ("stop", Stop)):
            value = getattr(self, name)
            if value is not None and not isinstance(value, kind):
                raise TypeError(f"{name} is {checks.shown(value)}; it must be a {kind.__name__}, or None")
        if not isinstance(self.origins, Origins):
            raise TypeError(f"origins is {checks.shown(self.origins)}; it must be Origins")

    def over(self, earlier: Reading) -> Reading:
        """The same, with the earlier one's origins of what it does not know the origins of."""
        return replace(self, origins=self.origins.over(earlier.origins))

    def record(self) -> dict[str, Any]:
        """As plain data; what is not said is left out."""
        said: dict[str, Any] = {
            "measures": list(self.measures),
            "against": self.against,
            "select": None if self.select is None else asdict(self.select),
            "stop": None if self.stop is None else asdict(self.stop),
            "origins": self.origins.record(),
        }
        return {name: value for name, value in said.items() if value}


def reading_from_record(data: Any) -> Reading:
    """A reading from plain data, which may come from anybody.

    Parameters
    ----------
    data : mapping
        As `Reading.record` gives it.

    Returns
    -------
    Reading

    Raises
    ------
    LookupError, TypeError, ValueError, AttributeError
        It is no such data.

    Examples
    --------
    >>> reading_from_record({"select": {"tune": 200, "test": 1000}}).select
    Selection(tune=200, test=1000)
    """
    if not isinstance(data, Mapping):
        raise TypeError(f"reading is {data!r}")
    made = dict(data)
    if "select" in made:
        made["select"] = Selection(**made["select"])
    if "stop" in made:
        made["stop"] = Stop(**made["stop"])
    if "origins" in made:
        made["origins"] = origins_from_record(made["origins"])
    return Reading(**made)


def known_measures(names: tuple[str, ...], axis: Axis = Axis.EPISODES) -> tuple[str, ...]:
    """Measures that there are, under the names that the same measure always has.

    Parameters
    ----------
    names : tuple of str
    axis : Axis
        What the columns of the curves stand for.

    Returns
    -------
    tuple of str

    Raises
    ------
    ValueError
        One that is not known, or that stands twice; a first one that says nothing of a single condition.

    Examples
    --------
    >>> known_measures(("last", "steps_to:-20.0"))
    ('last:100', 'steps_to:-20')
    """
    if not names:
        return ()
    from fastsoftq.measures import measure  # which brings SciPy

    known: list[str] = []
    for place, name in enumerate(names):
        try:
            found = measure(name, axis)
        except ValueError as error:
            raise ValueError(f"measures[{place}] is {name!r}: {error}") from None
        if found.comparison_only and not known:
            raise ValueError(
                f"measures[{place}] is {name!r}, which compares two conditions and says nothing of one; the first must "
                "be another, such as 'last:100'"
            )
        if found.name in known:
            raise ValueError(f"measures[{place}] is {name!r}, as measures[{known.index(found.name)}]")
        known.append(found.name)
    return tuple(known)


def check_windows(names: tuple[str, ...], axis: Axis, columns: int) -> None:
    """Refuse measures of more episodes, or points, than any condition has.

    Parameters
    ----------
    names : tuple of str
        As `known_measures` gives them.
    axis : Axis
    columns : int
        Of the longest condition.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> check_windows(("last:500",), Axis.POINTS, 10)
    Traceback (most recent call last):
    ValueError: measures[0] is 'last:500': N is 500; curves have 10 points, so it must be at most 10
    """
    if not names:
        return
    from fastsoftq.measures import measure  # which brings SciPy

    for place, name in enumerate(names):
        try:
            measure(name, axis).check_fits(columns)
        except ValueError as error:
            raise ValueError(str(error).replace("measure is", f"measures[{place}] is", 1)) from None
