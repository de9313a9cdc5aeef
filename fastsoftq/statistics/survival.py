"""How long it takes, where some runs were not watched to the end: Kaplan and Meier's curve and the restricted mean."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import array, every, positive
from fastsoftq.statistics.intervals import Interval, confidence_interval
from fastsoftq.statistics.samples import FloatArray, as_fraction, as_runs
from fastsoftq.system.html import NotebookTable


@dataclass(frozen=True, eq=False)
class SurvivalCurve(NotebookTable):
    """The share of runs that are not there yet, over time: a step curve that falls at each of ``time``.

    Attributes
    ----------
    time
        float64 [steps], ascending: 0, and each time at which a run got there.
    share, low, high
        float64 [steps]: the share not there yet from that time on, and a band that holds the whole curve.
    at_risk
        int [steps]: runs that are watched and not there just before that time.
    restricted_mean
        Mean of the time or ``horizon``, whichever is less: the area under the curve up to there.
    horizon
        The last time.
    level
        Probability that the band holds everywhere.

    Examples
    --------
    >>> curve = kaplan_meier([2.0, 3.0, 4.0], [False, True, False])
    >>> curve.time.tolist(), curve.share.round(3).tolist(), curve.at_risk.tolist()
    ([0.0, 2.0, 4.0], [1.0, 0.667, 0.0], [3, 3, 1])
    """

    time: FloatArray
    share: FloatArray
    low: FloatArray
    high: FloatArray
    at_risk: npt.NDArray[np.intp]
    restricted_mean: Interval
    horizon: float
    level: float


def kaplan_meier(
    time: npt.ArrayLike, censored: npt.ArrayLike, level: float = 0.95, horizon: float | None = None
) -> SurvivalCurve:
    """Estimate the share of runs that are not there yet, over time.

    Parameters
    ----------
    time
        float [runs], not negative: when each run got there, or up to when it was watched.
    censored
        bool [runs]: which were watched in vain.
    level
        Coverage of the band, and of the interval of the restricted mean.
    horizon
        Where the curve ends; None means the last time of any run.

    Raises
    ------
    ValueError
        On a bad sample, negative times, unequal shapes, or a horizon beyond the last time.

    Notes
    -----
    Kaplan and Meier (Journal of the American Statistical Association 53, 1958). Their estimate assumes that when a run
    is watched last tells nothing of when it would have got there. Episodes are watched equally many of each run, so
    that it does; steps are not (a poor run takes more of them), and there the restricted mean up to the time that all
    runs were watched, `sample_efficiency`, is safer.

    The band is that of Hall and Wellner (Biometrika 67, 1980), with the exact quantile of Kolmogorov's statistic for
    this number of runs in place of its limit, and Peto's variance: where no run is censored it is Kolmogorov's, exact
    for any distribution. The restricted mean has the interval of the mean of `pseudo_times`.

    Examples
    --------
    >>> curve = kaplan_meier([2.0, 3.0, 4.0], [False, False, False])
    >>> curve.restricted_mean.estimate, curve.share.round(3).tolist()
    (3.0, [1.0, 0.667, 0.333, 0.0])
    """
    from scipy.stats import kstwo

    t, lost = _as_times(time, censored)
    level = as_fraction(level, "level")
    horizon = _as_horizon(horizon, t)
    n = len(t)
    steps, at_risk, events = _events(t, lost)
    within = steps <= horizon
    steps, at_risk, events = steps[within], at_risk[within], events[within]
    share = np.concatenate([[1.0], np.cumprod(1.0 - events / at_risk)])
    # Those watched up to the end of each step. By Peto's variance, S^2 (1 - S) / watched, which is Greenwood's where no
    # run is censored and more where many are; 1 + n (1 - S) / (n S) times S is then 1, Kolmogorov's width.
    last = max(float((t >= horizon).sum()), 1.0)
    watched = np.concatenate([at_risk, [last]])
    half = float(kstwo.ppf(level, n)) * share * (1.0 + n * (1.0 - share) / watched)
    # After the last run got there as much is known as just before.
    gone = share == 0.0
    half[gone] = half[~gone][-1]
    # The curve falls: what it is at most it is at most later, and what at least, earlier.
    low = np.maximum.accumulate(np.maximum(share - half, 0.0)[::-1])[::-1]
    high = np.minimum.accumulate(np.minimum(share + half, 1.0))
    return SurvivalCurve(
        time=np.concatenate([[0.0], steps]),
        share=share,
        low=low,
        high=high,
        at_risk=np.concatenate([[n], at_risk]).astype(np.intp),
        restricted_mean=_of_pseudo_times(t, lost, horizon, level),
        horizon=horizon,
        level=level,
    )


def pseudo_times(time: npt.ArrayLike, censored: npt.ArrayLike, horizon: float | None = None) -> FloatArray:
    """Return one number a run whose mean is the restricted mean: what it is where no run is censored.

    Parameters
    ----------
    time, censored, horizon
        As for `kaplan_meier`.

    Returns
    -------
    float64 [runs]
        The time or the horizon, whichever is less, if no run is censored before it; else the jackknife's pseudo-values
        of Kaplan and Meier's (Andersen, Hansen and Klein, Lifetime Data Analysis 10, 2004), which are compared and
        averaged as any sample is.

    Examples
    --------
    >>> pseudo_times([2.0, 3.0, 4.0], [False, False, True], horizon=3.0).tolist()
    [2.0, 3.0, 3.0]
    """
    t, lost = _as_times(time, censored)
    horizon = _as_horizon(horizon, t)
    if not (lost & (t < horizon)).any():
        return np.minimum(t, horizon)
    n, whole = len(t), _area(t, lost, horizon)
    others = np.array([_area(np.delete(t, i), np.delete(lost, i), horizon) for i in range(n)])
    return np.asarray(n * whole - (n - 1) * others)


def _of_pseudo_times(t: FloatArray, lost: npt.NDArray[np.bool_], horizon: float, level: float) -> Interval:
    if horizon == 0.0:
        return Interval(0.0, 0.0, 0.0, level, "binomial", len(t))
    values = pseudo_times(t, lost, horizon)
    if not (lost & (t < horizon)).any():
        return confidence_interval(values, level=level, bounds=(0.0, horizon))
    found = confidence_interval(values, level=level)
    low, high = max(found.low, 0.0), min(found.high, horizon)
    return replace(found, estimate=_area(t, lost, horizon), low=low, high=high)


def _area(t: FloatArray, lost: npt.NDArray[np.bool_], horizon: float) -> float:
    """Return the area under Kaplan and Meier's curve up to the horizon; beyond the last time it stays as it is."""
    steps, at_risk, events = _events(t, lost)
    inside = steps < horizon
    share = np.concatenate([[1.0], np.cumprod(1.0 - events[inside] / at_risk[inside])])
    return float(share @ np.diff(np.concatenate([[0.0], steps[inside], [horizon]])))


def _events(t: FloatArray, lost: npt.NDArray[np.bool_]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the times at which runs get there, how many were watched until then, and how many get there."""
    steps, events = np.unique(t[~lost], return_counts=True)
    at_risk = len(t) - np.searchsorted(np.sort(t), steps, side="left")
    return steps, at_risk.astype(np.float64), events.astype(np.float64)


def _as_times(time: npt.ArrayLike, censored: npt.ArrayLike) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    t = as_runs(time, "time")
    every("time", t, t >= 0.0, "it must not be negative")
    lost = array("censored", censored, "b", holds="truth values")
    if lost.shape != t.shape:
        raise ValueError(f"time has shape {t.shape} and censored {lost.shape}; they must be equal")
    return t, lost


def _as_horizon(horizon: float | None, t: FloatArray) -> float:
    last = float(t.max())
    if horizon is None:
        return last
    if positive("horizon", horizon) > last:
        raise ValueError(f"horizon is {horizon}; no run was watched beyond {last}")
    return float(horizon)
