"""The conditions of a sweep, measured: curves are read one at a time, reduced to a number a run, and let go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.attainable_returns import ReturnSpan
from fastsoftq.exact_curves import ExactCurves
from fastsoftq.measures import Measure, Measured, common_horizon
from fastsoftq.report.folder import FolderContents, ReportedAgent
from fastsoftq.report.sweep.condition_labels import Value

__all__ = [
    "MeanCurves",
    "MeasuredCondition",
    "Watch",
    "bounds_of_all",
    "exact_value",
    "measured_conditions",
    "samples",
    "sense",
]

Watch = Callable[[int, int], None]  # conditions read, of how many


@dataclass(frozen=True, eq=False)
class MeasuredCondition:
    """A condition with what its runs came to.

    Attributes
    ----------
    place : int
        Among the agents of its folder.
    agent : ReportedAgent
    table : str
        The name of its agent without hyperparameters.
    coordinates : mapping of str to value
    measured : tuple of Measured or None
        For each measure; None where planning does not know what it needs, which the main one always has. Empty
        where runs are not kept.
    bounds : tuple of (float, float) or None
        For each measure, the lowest and the highest value that a run can have; None where they are not known.
    exact : ExactCurves or None
    span : ReturnSpan or None
        What the best policy and the random one earn in its world.
    exact_values : tuple of float or None
        For each measure, once all is learned.
    steps : int
        Of the environment, over all runs.
    runs : int
        How many there are.
    """

    place: int
    agent: ReportedAgent
    table: str
    coordinates: Mapping[str, Value]
    measured: tuple[Measured | None, ...]
    bounds: tuple[tuple[float, float] | None, ...]
    exact: ExactCurves | None
    span: ReturnSpan | None
    exact_values: tuple[float | None, ...]
    steps: int
    runs: int

    @property
    def label(self) -> str:
        """As readers call the condition."""
        return self.agent.label

    def of(self, index: int) -> Measured:
        """What its runs came to by one of the measures, which is known."""
        found = self.measured[index]
        assert found is not None
        return found


def measured_conditions(
    contents: FolderContents, measures: Sequence[Measure], watch: Watch | None = None
) -> list[MeasuredCondition]:
    """Read every condition once.

    Parameters
    ----------
    contents : FolderContents
        With a sweep.
    measures : sequence of Measure
    watch : callable, optional
        Told after each condition how many are read, and of how many.

    Returns
    -------
    list of MeasuredCondition

    Raises
    ------
    ValueError
        A measure that the curves cannot give; one for which planning knows nothing, or as the main one not all.
    DamagedError
        Curves that are missing or damaged.
    """
    assert contents.sweep is not None
    sweep, found = contents.sweep, []
    places = range(len(contents.agents))
    exact, spans = [sweep.exact(place) for place in places], [sweep.span(place) for place in places]
    _check_known(contents, measures, exact, spans)
    for place, agent in enumerate(contents.agents):
        runs, own, span, of = agent.load(), exact[place], spans[place], sweep.bounds(place)
        found.append(
            MeasuredCondition(
                place=place,
                agent=agent,
                table=sweep.tables[place],
                coordinates={name: values[place] for name, values in sweep.coordinates.items()},
                measured=tuple(
                    measure.values(runs, _answer(measure, own, span)) if _is_known(measure, own, span) else None
                    for measure in measures
                ),
                bounds=tuple(of and measure.bounds(of, runs.returns.shape[1], span) for measure in measures),
                exact=own,
                span=span,
                exact_values=tuple(exact_value(measure, own) for measure in measures),
                steps=runs.all_steps,
                runs=len(runs.seeds),
            )
        )
        if watch is not None:
            watch(place + 1, len(contents.agents))
    return _up_to_common_horizons(found, len(measures))


def _answer(measure: Measure, exact: ExactCurves | None, span: ReturnSpan | None) -> ExactCurves | ReturnSpan | None:
    """What the measure needs of planning."""
    return exact if measure.needs_exact else span


def _is_known(measure: Measure, exact: ExactCurves | None, span: ReturnSpan | None) -> bool:
    return not measure.needs_planning or _answer(measure, exact, span) is not None


def _check_known(
    contents: FolderContents,
    measures: Sequence[Measure],
    exact: Sequence[ExactCurves | None],
    spans: Sequence[ReturnSpan | None],
) -> None:
    """Refuse a measure of which nothing is known; the main one, too, where it is not known of each condition."""
    for place, measure in enumerate(measures):
        known = [_is_known(measure, *each) for each in zip(exact, spans, strict=True)]
        if all(known) or (place > 0 and any(known)):
            continue
        needed = "exact answers" if measure.needs_exact else "the optimum of the world"
        whose = repr(contents.agents[known.index(False)].name) if any(known) else "any condition"
        hint = "; it can stand after another measure, and is left out there" if any(known) else ""
        raise ValueError(f"measure is {measure.name!r}; it needs {needed}, and planning has none of {whose}{hint}")


def _up_to_common_horizons(found: Sequence[MeasuredCondition], measures: int) -> list[MeasuredCondition]:
    """The same, times in a world cut at the horizon up to which all of its runs were watched."""
    worlds: dict[str, list[MeasuredCondition]] = {}
    for one in found:
        worlds.setdefault(one.agent.world, []).append(one)
    horizons = {
        world: [common_horizon(m for one in own if (m := one.measured[i]) is not None) for i in range(measures)]
        for world, own in worlds.items()
    }

    def cut(one: MeasuredCondition) -> tuple[Measured | None, ...]:
        pairs = zip(one.measured, horizons[one.agent.world], strict=True)
        return tuple(None if found is None else found.restricted(horizon) for found, horizon in pairs)

    return [replace(one, measured=cut(one)) for one in found]


class MeanCurves(NamedTuple):
    """Mean curves in the place of those of runs; lengths are expected ones.

    Examples
    --------
    >>> from fastsoftq.measures import measure
    >>> measure("area").values(MeanCurves.of(np.array([[-9.0, -5.0]]), np.array([[9.5, 5.5]]))).values.tolist()
    [-7.0]
    """

    returns: NDArray[np.float64]  # [curves, episodes]
    lengths: Any  # [curves, episodes]
    truncated: NDArray[np.bool_]
    seeds: NDArray[np.uint64]

    @classmethod
    def of(cls, returns: NDArray[np.float64], lengths: NDArray[np.float64]) -> MeanCurves:
        """Those of some returns and lengths, [curves, episodes]."""
        return cls(returns, lengths, np.zeros(returns.shape, bool), np.arange(len(returns), dtype=np.uint64))


def exact_value(measure: Measure, exact: ExactCurves | None) -> float | None:
    """What a measure gives for the exact curve itself.

    Parameters
    ----------
    measure : Measure
    exact : ExactCurves or None

    Returns
    -------
    float or None
        None where there is no exact curve, or where a curve has no such measure.
    """
    if exact is None or not measure.of_mean_curves:
        return None
    return float(measure.values(MeanCurves.of(exact.returns[None], exact.lengths[None]), exact).values[0])


def samples(measure: Measure, conditions: Sequence[Measured]) -> list[NDArray[np.float64]]:
    """One number a run whose mean is what is compared, more of it being better.

    Parameters
    ----------
    measure : Measure
    conditions : sequence of Measured
        Of that measure.

    Returns
    -------
    list of ndarray of float64, shape [runs]
        Times that were cut off are counted up to the shortest time that any was watched, for all alike; what is
        better when lower has the other sign.

    Examples
    --------
    >>> from fastsoftq.measures import measure
    >>> seeds = np.arange(2, dtype=np.uint64)
    >>> times = Measured(np.array([3.0, 9.0]), seeds, np.array([False, True]), 9.0)
    >>> [sample.tolist() for sample in samples(measure("episodes_to:-20"), [times])]
    [[-3.0, -9.0]]
    """
    horizon = common_horizon(conditions)
    return [sense(measure) * one.restricted(horizon).values for one in conditions]


def bounds_of_all(index: int, conditions: Sequence[MeasuredCondition]) -> tuple[float, float] | None:
    """The lowest and the highest that a run of any of these conditions can have; of times, up to their horizon.

    Parameters
    ----------
    index : int
        Which of the measures it is.
    conditions : sequence of MeasuredCondition

    Returns
    -------
    (float, float) or None
        None where it is not known of all.
    """
    horizon = common_horizon(one.of(index) for one in conditions)
    known = [(0.0, horizon) if horizon else one.bounds[index] for one in conditions]
    ends = [each for each in known if each is not None]
    if len(ends) < len(known):
        return None
    return min(low for low, _ in ends), max(high for _, high in ends)


def sense(measure: Measure) -> float:
    """1 where more is better, -1 where less is.

    Examples
    --------
    >>> from fastsoftq.measures import measure
    >>> sense(measure("last:100")), sense(measure("regret"))
    (1.0, -1.0)
    """
    return 1.0 if measure.higher_is_better else -1.0
