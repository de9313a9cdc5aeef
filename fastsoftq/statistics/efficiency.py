"""One number per run from its learning curve: how soon it got there, how good it was on the way and at the end."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import count, every, number
from fastsoftq.statistics.intervals import Interval, confidence_interval
from fastsoftq.statistics.order_statistics import order_statistic_bounds
from fastsoftq.statistics.samples import ROUNDING, FloatArray, as_curves, as_fraction, check_same_shape
from fastsoftq.system.html import NotebookTable


@dataclass(frozen=True, eq=False)
class SampleEfficiency(NotebookTable):
    """How soon runs reach a threshold, those that never do included.

    Attributes
    ----------
    time
        float64 [runs], in episodes or steps; infinite where the run never got there.
    reached
        Share of runs that got there, with the exact (Clopper-Pearson) interval.
    median
        Median time, with a distribution-free interval; infinite where too few runs got there. None where so few runs
        have no such interval: at 95 % below 6.
    restricted_mean
        Mean of the time or ``horizon``, whichever is less; its interval ends at 0 and there.
    horizon
        Time up to which every run was watched: the number of episodes, or the fewest steps taken by a run that never
        got there (by any run, if all did).

    Examples
    --------
    >>> sample_efficiency([[-9.0, -1.0], [-9.0, -9.0]], threshold=-1.0).time.tolist()
    [2.0, inf]
    """

    time: FloatArray
    reached: Interval
    median: Interval | None
    restricted_mean: Interval
    horizon: float


def sample_efficiency(
    curves: npt.ArrayLike,
    threshold: float,
    lengths: npt.ArrayLike | None = None,
    *,
    window: int = 1,
    level: float = 0.95,
) -> SampleEfficiency:
    """Measure the time each run takes until its moving average reaches a threshold.

    Parameters
    ----------
    curves
        float [runs, episodes], higher is better.
    threshold
        The value to reach.
    lengths
        Steps of each episode, [runs, episodes]; time is then counted in steps, otherwise in episodes.
    window
        Number of episodes averaged; the time is that at the end of the first window at or above the threshold.
    level
        Coverage of each interval.

    Raises
    ------
    ValueError
        On a bad sample, unequal shapes, or a window longer than the curves.

    Notes
    -----
    Runs that never reach the threshold count as infinitely late: the median stays valid as it is, without the
    assumption of Kaplan and Meier that censoring tells nothing. Counted in steps it would tell much: a poor run takes
    more steps in the same number of episodes.

    Examples
    --------
    >>> soon = sample_efficiency([[-9.0, -1.0, -1.0], [-9.0, -9.0, -1.0], [-9.0, -9.0, -9.0]], threshold=-1.0)
    >>> soon.time.tolist(), round(soon.reached.estimate, 2), round(soon.restricted_mean.estimate, 2)
    ([2.0, 3.0, inf], 0.67, 2.67)
    """
    found, level = times_to(curves, threshold, lengths, window=window), as_fraction(level, "level")
    return SampleEfficiency(
        time=np.where(found.reached, found.time, np.inf),
        reached=_proportion(int(found.reached.sum()), len(found.time), level),
        median=_median(np.where(found.reached, found.time, np.inf), level),
        restricted_mean=restricted_mean(found.time, found.horizon, level),
        horizon=found.horizon,
    )


class Times(NamedTuple):
    """When each run got there, or until when it was watched in vain, float64 [runs]; and up to when all were watched.

    Examples
    --------
    >>> times_to([[-9.0, -1.0], [-9.0, -9.0]], threshold=-1.0).time.tolist()
    [2.0, 2.0]
    """

    time: FloatArray
    reached: npt.NDArray[np.bool_]
    horizon: float


def times_to(
    curves: npt.ArrayLike, threshold: float, lengths: npt.ArrayLike | None = None, *, window: int = 1
) -> Times:
    """Return the time each run takes until its moving average reaches a threshold; arguments as `sample_efficiency`.

    The horizon is the time up to which all is known of every run: the fewest steps taken by a run that never got there,
    or by any run if all did. Counted in episodes it is their number.

    Examples
    --------
    >>> times_to([[-9.0, -1.0, -1.0], [-9.0, -9.0, -9.0]], -1.0, lengths=[[9, 1, 1], [9, 9, 9]])
    Times(time=array([10., 27.]), reached=array([ True, False]), horizon=27.0)
    """
    returns = as_curves(curves, "curves", least=1)
    runs, episodes = returns.shape
    threshold = number("threshold", threshold)
    window = count("window", window)
    if window > episodes:
        raise ValueError(f"window is {window}; it must be at most the number of episodes, {episodes}")
    clock = np.tile(np.arange(1.0, episodes + 1.0), (runs, 1))
    if lengths is not None:
        steps = as_curves(lengths, "lengths", least=1)
        check_same_shape(returns, steps, ("curves", "lengths"), "to count steps")
        every("lengths", steps, steps >= 0.0, "it must hold numbers of steps")
        clock = steps.cumsum(axis=1)

    # An average of equal numbers need not be that number: what rounding may have taken counts as there.
    slack = ROUNDING * moving_average(np.abs(returns), window) if window > 1 else 0.0
    there = moving_average(returns, window) >= threshold - slack
    reached = there.any(axis=1)
    time = np.where(reached, clock[np.arange(runs), there.argmax(axis=1) + window - 1], clock[:, -1])
    horizon = float(clock[~reached, -1].min() if not reached.all() else clock[:, -1].min())
    return Times(time, np.asarray(reached), horizon)


def area_under_curve(curves: npt.ArrayLike) -> FloatArray:
    """Return each run's area under its curve per episode, that is its mean over all episodes: float64 [runs].

    Parameters
    ----------
    curves
        float [runs, episodes].

    Examples
    --------
    >>> area_under_curve([[-9.0, -1.0], [-5.0, -1.0]]).tolist()
    [-5.0, -3.0]
    """
    return np.asarray(as_curves(curves, "curves", least=1).mean(axis=1))


def final_performance(curves: npt.ArrayLike, last: int = 100) -> FloatArray:
    """Return each run's mean over the last episodes: float64 [runs].

    Parameters
    ----------
    curves
        float [runs, episodes].
    last
        How many episodes; at most as many as there are.

    Raises
    ------
    ValueError
        A bad sample, or `last` below 1 or above the number of episodes.

    Examples
    --------
    >>> final_performance([[-9.0, -1.0, -3.0], [-5.0, -1.0, -1.0]], last=2).tolist()
    [-2.0, -1.0]
    """
    x = as_curves(curves, "curves", least=1)
    if count("last", last) > x.shape[1]:
        raise ValueError(f"last is {last}; it must be at most the number of episodes, {x.shape[1]}")
    return np.asarray(x[:, -last:].mean(axis=1))


def moving_average(x: FloatArray, window: int) -> FloatArray:
    """Return the mean of each stretch of ``window`` episodes: [runs, episodes - window + 1].

    Examples
    --------
    >>> moving_average(np.array([[0.0, 2.0, 4.0]]), 2).tolist()
    [[1.0, 3.0]]
    """
    return np.asarray(np.lib.stride_tricks.sliding_window_view(x, window, axis=1).mean(axis=2))


def _proportion(successes: int, runs: int, level: float) -> Interval:
    from scipy.stats import binomtest

    ends = binomtest(successes, runs).proportion_ci(level, method="exact")
    return Interval(successes / runs, float(ends.low), float(ends.high), level, "binomial", runs)


def restricted_mean(time: FloatArray, horizon: float, level: float) -> Interval:
    """Return the mean of the time or the horizon, whichever is less; all runs are to be watched up to there.

    Examples
    --------
    >>> restricted_mean(np.array([2.0, 4.0, 9.0]), 6.0, 0.95).estimate
    4.0
    """
    if horizon == 0.0:  # of episodes without a step: there is no time to differ in
        return Interval(0.0, 0.0, 0.0, level, "binomial", len(time))
    return confidence_interval(np.minimum(time, horizon), level=level, bounds=(0.0, horizon))


def _median(time: FloatArray, level: float) -> Interval | None:
    try:
        low, high = order_statistic_bounds(time, 0.5, level)
    except ValueError:
        return None
    ordered = np.sort(time)
    lower, upper = ordered[(len(time) - 1) // 2], ordered[len(time) // 2]
    return Interval(float((lower + upper) / 2.0), low, high, level, "order", len(time))
