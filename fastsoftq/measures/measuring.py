"""A measure: one number a run, its estimate, and the comparison of two conditions by it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from fastsoftq import checks
from fastsoftq.attainable_returns import EpisodeBounds, apart
from fastsoftq.checks import text
from fastsoftq.comparing import Axis, Curves, axis_of, match_seeds
from fastsoftq.measures.measure_kinds import KINDS, kind_of, numbers_of
from fastsoftq.measures.run_values import Exact, Measured, Optimum, common_horizon
from fastsoftq.statistics import Comparison, Interval, compare_samples, confidence_interval, probability_of_improvement
from fastsoftq.statistics.efficiency import restricted_mean
from fastsoftq.statistics.improvement import improvement_p_value
from fastsoftq.statistics.tails import compare_tails, tail_interval
from fastsoftq.system.html import NotebookTable

__all__ = ["Measure", "measure"]


@dataclass(frozen=True)
class Measure(NotebookTable):
    """One number a run, and how it is estimated and compared. `measure` makes one of its name.

    Attributes
    ----------
    name : str
        Such as "last:100": the same for the same measure, however it was written.
    title : str
        In words, such as "mean return over the last 100 episodes".
    unit : str
        "return", "steps", "episodes", or "probability".
    higher_is_better : bool
    needs_optimum : bool
        Whether it needs the optimum of the world, which planning gives whatever the agent.
    needs_exact : bool
        Whether it needs the exact answers of the agent.
    comparison_only : bool
        Whether it says something of two conditions only.
    axis : Axis
        What it counts the columns of curves as: episodes, or points on a grid of steps.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> curves = fsq.train(fsq.cliff_walking(), fsq.QLearning(0.8, 0.95), seeds=20, episodes=200, max_steps=500)
    >>> last = measure("last:50")
    >>> found = last.values(curves)
    >>> found.values.shape, last.estimate(found).high < -13.0
    ((20,), True)
    """

    name: str
    title: str
    unit: str
    higher_is_better: bool
    needs_optimum: bool = False
    needs_exact: bool = False
    comparison_only: bool = False
    axis: Axis = Axis.EPISODES
    _kind: str = field(default="", repr=False)
    _numbers: tuple[float, ...] = field(default=(), repr=False)

    @property
    def is_mean(self) -> bool:
        """Whether it is the mean of a number a run, or of times up to a horizon.

        Examples
        --------
        >>> measure("last:100").is_mean, measure("worst:0.05").is_mean
        (True, False)
        """
        return not self.comparison_only and self._kind != "worst"

    @property
    def is_time(self) -> bool:
        """Whether it is when a run gets somewhere, which some never do.

        Examples
        --------
        >>> measure("steps_to:-20").is_time, measure("length").is_time
        (True, False)
        """
        return KINDS[self._kind].is_time

    @property
    def of_mean_curves(self) -> bool:
        """Whether it is the same of the mean curves of runs as its mean over runs: an exact curve has it too.

        Examples
        --------
        >>> [measure(name).of_mean_curves for name in ("regret", "worst:0.05", "episodes_to:-20")]
        [True, False, False]
        """
        return self.is_mean and not self.is_time

    @property
    def needs_planning(self) -> bool:
        """Whether it needs more than curves.

        Examples
        --------
        >>> measure("regret").needs_planning, measure("area").needs_planning
        (True, False)
        """
        return self.needs_optimum or self.needs_exact

    def check_fits(self, columns: int) -> None:
        """Refuse to measure more episodes, or points, than there are, but for so many as are meant unless said.

        Parameters
        ----------
        columns : int
            Of the longest curves.

        Raises
        ------
        ValueError
            The message says how many there may be.

        Examples
        --------
        >>> measure("last:100").check_fits(10)
        >>> measure("last:500").check_fits(10)
        Traceback (most recent call last):
        ValueError: measure is 'last:500': N is 500; curves have 10 episodes, so it must be at most 10
        """
        kind = KINDS[self._kind]
        if kind.counted is None:
            return
        given, asked = self._numbers[kind.counted], kind.asks[kind.counted]
        usual = 1 if asked.default is None else asked.default(self.axis)
        if given > max(columns, usual):
            counted = self.axis.value if columns > 1 else self.axis.value.removesuffix("s")
            raise ValueError(
                f"measure is {self.name!r}: {asked.letter} is {given:g}; curves have {columns} {counted}, so it must "
                f"be at most {columns}"
            )

    def within(self, columns: int) -> Measure:
        """The measure as it is of runs of so many episodes, or points: of the last 100 of fewer all are meant.

        Parameters
        ----------
        columns : int
            At least 1.

        Returns
        -------
        Measure
            The same values and estimates, by a name and a title that say no more than there is.

        Examples
        --------
        >>> measure("last:100").within(60).name, measure("worst:0.05").within(60).title
        ('last:60', 'mean of the worst 5% of runs over the last 60 episodes')
        """
        kind, numbers = KINDS[self._kind], list(self._numbers)
        if kind.window is not None and numbers[kind.window] > columns:
            numbers[kind.window] = columns
            return measure(":".join([self._kind, *(f"{value:.15g}" for value in numbers)]), self.axis)
        if not kind.of_last:
            return self
        return replace(self, title=kind.title(self.axis, *numbers, last=min(self.axis.last, columns)))

    def values(self, curves: Curves, exact: Exact | Optimum | None = None) -> Measured:
        """Measure each run.

        Parameters
        ----------
        curves : LearningCurves or DeepCurves
            With `.returns`, `.lengths`, `.truncated` of shape [seeds, episodes] or [seeds, points], and `.seeds`. A
            deep run that diverged has the lowest return that it had, and never reaches anything after.
        exact : ExactCurves, ReturnSpan or None
            Where `needs_exact`, exact curves, whose `.returns` are [episodes] or [points]; where `needs_optimum`,
            anything with an `.optimum`.

        Returns
        -------
        Measured

        Raises
        ------
        TypeError
            What is no learning curves.
        ValueError
            Answers of planning that are needed and not given, or of another number of episodes; a window longer than
            curves; curves on a grid of steps, where it counts episodes.
        """
        if not all(hasattr(curves, name) for name in ("returns", "lengths", "seeds")):
            raise TypeError(f"curves is {checks.shown(curves)}; it must be learning curves, as train yields them")
        if self.needs_exact and not hasattr(exact, "returns"):
            raise ValueError(f"measure {self.name!r} needs exact answers, and there are none of this world and agent")
        if self.needs_optimum and exact is None:
            raise ValueError(f"measure {self.name!r} needs the optimum, which is not known of this world")
        if self.axis is Axis.EPISODES and axis_of(curves) is Axis.POINTS:
            raise ValueError(f"measure {self.name!r} counts episodes; of points it is measure({self.name!r}, 'points')")
        return KINDS[self._kind].values(self.axis, curves, exact, *self._numbers)

    def bounds(self, of: EpisodeBounds, episodes: int, optimum: Optimum | None = None) -> tuple[float, float] | None:
        """Work out the lowest and the highest value that a run can have.

        Parameters
        ----------
        of : EpisodeBounds
            What a single episode can have.
        episodes : int
            Of a run, or its points.
        optimum : ReturnSpan, ExactCurves or None
            Needed where `needs_optimum`.

        Returns
        -------
        (float, float) or None
            For `estimate` and `compare`: room is left between ends that are the same. None where they are not known,
            as of returns on a grid of steps, where of a run in which no episode ends what it has collected counts.

        Examples
        --------
        >>> from fastsoftq.attainable_returns import ReturnSpan
        >>> of = EpisodeBounds(returns=(-100.0, -12.0), lengths=(13.0, 20.0))
        >>> measure("last:100").bounds(of, 500), measure("regret").bounds(of, 500, ReturnSpan(-12.0, -80.0))
        ((-100.0, -12.0), (0.0, 44000.0))
        """
        if self.needs_optimum and optimum is None:
            return None
        if self.axis is Axis.POINTS and self._kind != "length":  # an episode that has not ended counts there, too
            return None
        low, high = KINDS[self._kind].bounds(of, checks.count("episodes", episodes), optimum, *self._numbers)
        if not max(abs(low), abs(high)) <= checks.LARGEST:
            return None
        return apart(low, high)

    def estimate(
        self,
        measured: Measured,
        level: float = 0.95,
        bounds: tuple[float, float] | None = None,
        rng: int | np.random.Generator | None = None,
    ) -> Interval:
        """Estimate what the measure is of a condition.

        Parameters
        ----------
        measured : Measured
        level : float
            Coverage of the interval.
        bounds : (float, float), optional
            Lowest and highest value that a run can have, if known. Times have those of their horizon.
        rng : int, numpy.random.Generator or None

        Returns
        -------
        fastsoftq.statistics.Interval
            Of the mean; of times, of the mean of the time or the horizon, whichever is less; of the mean of the worst.

        Raises
        ------
        ValueError
            Of a measure that compares only; of fewer than two runs.
        """
        if self.comparison_only:
            raise ValueError(f"measure {self.name!r} compares two conditions; of one it says nothing")
        if self._kind == "worst":
            return tail_interval(measured.values, self._numbers[0], level, bounds)
        if measured.horizon is not None:
            return restricted_mean(measured.values, measured.horizon, level)
        return confidence_interval(measured.values, level=level, rng=rng, bounds=bounds)

    def point_estimate(self, measured: Measured) -> float:
        """The estimate without its interval, which takes longer.

        Parameters
        ----------
        measured : Measured

        Returns
        -------
        float

        Raises
        ------
        ValueError
            As for `estimate`; a mean takes one run only.

        Examples
        --------
        >>> measure("last:100").point_estimate(Measured(np.array([3.0, 9.0]), np.arange(2, dtype=np.uint64)))
        6.0
        """
        if self.is_mean:
            return float(measured.restricted(measured.horizon).values.mean())
        return float(self.estimate(measured).estimate)

    def compare(
        self,
        a: Measured,
        b: Measured,
        paired: bool = True,
        level: float = 0.95,
        rng: int | np.random.Generator | None = None,
        bounds: tuple[float, float] | None = None,
    ) -> Comparison:
        """Compare two conditions, a - b.

        Parameters
        ----------
        a, b : Measured
        paired : bool
            Match runs by seed, in whatever order they are.
        level, rng, bounds
            As for `estimate`.

        Returns
        -------
        fastsoftq.statistics.Comparison
            Times are cut at the horizon that both have. Of "improvement" the difference is the chance that a run of a
            exceeds one of b, less the chance of the reverse: 0 where neither is better, 1 where a always is.

        Raises
        ------
        ValueError
            Paired runs whose seeds are repeated, or found on one side only.
        """
        horizon = common_horizon([a, b])
        a, b = a.restricted(horizon), b.restricted(horizon)
        first, second = a.values, b.values
        if paired:
            order_a, order_b = match_seeds(a.seeds, b.seeds)
            first, second = first[order_a], second[order_b]
        if self._kind == "worst":
            return compare_tails(first, second, self._numbers[0], paired, level, rng, bounds=bounds)
        bounds = (0.0, horizon) if horizon else bounds
        found = compare_samples(first, second, paired, level, rng, bounds=bounds)
        if self._kind != "improvement":
            return found
        chance = probability_of_improvement(first, second, paired, level)
        ends = [2.0 * end - 1.0 for end in (chance.estimate, chance.low, chance.high)]
        p_value = improvement_p_value(first, second, paired)
        return replace(found, difference=ends[0], low=ends[1], high=ends[2], p_value=p_value, caution=chance.caution)


def measure(name: str, axis: Axis | str = Axis.EPISODES) -> Measure:
    """Make the measure that goes by a name.

    Parameters
    ----------
    name : str
        A kind of `MEASURES`, and what it asks for after colons: "last:100", or "last" for its default; "area";
        "steps_to:-20", or "steps_to:-20:10" for the mean of ten episodes.
    axis : {"episodes", "points"}
        What it counts: episodes, or points on a grid of steps, where the last 10 are meant unless said otherwise.

    Returns
    -------
    Measure

    Raises
    ------
    TypeError
        No string.
    ValueError
        A kind that is unknown, with the nearest; numbers that are missing, too many, or not allowed; a measure of
        episodes on a grid of steps.

    Examples
    --------
    >>> measure("steps_to:-20.0:10").name, measure("last").title
    ('steps_to:-20:10', 'mean return over the last 100 episodes')
    >>> measure("last", "points").title
    'mean return over the last 10 points'
    >>> measure("last:0")
    Traceback (most recent call last):
    ValueError: measure is 'last:0': N is 0; it must be at least 1
    """
    wanted = text("measure", name).strip()
    kind = kind_of(wanted)
    if not isinstance(axis, Axis):
        axis = Axis(checks.choice("axis", axis, [known.value for known in Axis]))
    found = KINDS[kind]
    numbers = numbers_of(wanted, found, axis)
    shown = list(numbers)
    while shown and len(shown) > found.least:
        default = found.asks[len(shown) - 1].default
        if default is None or shown[-1] != default(axis):
            break
        shown.pop()
    return Measure(
        ":".join([kind, *(f"{value:.15g}" for value in shown)]),
        found.title(axis, *numbers),
        found.unit,
        found.higher_is_better,
        found.needs_optimum,
        found.needs_exact,
        found.comparison_only,
        axis,
        kind,
        numbers,
    )
