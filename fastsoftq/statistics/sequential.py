"""Stopping a study as soon as it is decided: confidence sequences that stay valid however often one looks."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastsoftq.statistics.intervals import BLOCK
from fastsoftq.statistics.samples import FloatArray, as_bounds, as_fraction, as_runs, check_same_shape, check_within

#: Candidate means between the bounds; an interval's ends are rounded outwards to them.
CANDIDATES = 2001


@dataclass(frozen=True, eq=False)
class ConfidenceSequence:
    """Intervals for the mean after 1, 2, ... runs, all of them true together with probability ``level``.

    Attributes
    ----------
    center, low, high
        float64 [runs]: running mean and bounds; entry t uses the first t + 1 runs.
    level
        Probability that the mean lies inside every one of the intervals.
    """

    center: FloatArray
    low: FloatArray
    high: FloatArray
    level: float


@dataclass(frozen=True, eq=False)
class SequentialComparison:
    """A comparison that may be looked at after every seed.

    Attributes
    ----------
    sequence
        Confidence sequence of the mean difference, a - b.
    decided_at
        Number of seeds after which a and b were told apart; None if they are not yet.
    sign
        +1 if a exceeds b, -1 if b exceeds a, 0 if undecided.
    """

    sequence: ConfidenceSequence
    decided_at: int | None
    sign: int

    @property
    def message(self) -> str:
        """The verdict in words."""
        sequence, error = self.sequence, 1.0 - self.sequence.level
        between = f"[{sequence.low[-1]:.4g}, {sequence.high[-1]:.4g}]"
        if self.decided_at is None:
            return f"not told apart after {len(sequence.low)} seeds: a - b lies in {between} (error {error:.3g})"
        better, worse = ("a", "b") if self.sign > 0 else ("b", "a")
        after = f"decided after {self.decided_at} seeds"
        return f"{better} exceeds {worse}, {after}: a - b lies in {between} (error {error:.3g})"


def confidence_sequence(x: npt.ArrayLike, bounds: tuple[float, float], level: float = 0.95) -> ConfidenceSequence:
    """Return a confidence interval for the mean after each run, valid at all of them at once.

    Parameters
    ----------
    x
        One number per run, float [runs], in the order in which they were run; one is enough.
    bounds
        Lowest and highest value that a run can have. They must hold by nature, not by looking at ``x``; the narrower,
        the sooner the intervals shrink.
    level
        Probability that the mean is inside all of the intervals.

    Raises
    ------
    ValueError
        If a run lies outside ``bounds``.

    Notes
    -----
    The hedged capital process of Waudby-Smith and Ramdas (Estimating means of bounded random variables by betting, JRSS
    B 86, 2024), with their predictable plug-in bets, cut at half of what could be lost. One bets against every
    candidate mean, and a candidate at which the capital ever reaches 1 / error is out for good. By Ville's inequality
    that happens to the true mean with probability at most the error, for any distribution within the bounds.
    """
    sample = as_runs(x, "x", least=1)
    low, high = as_bounds(bounds)
    level = as_fraction(level, "level")
    check_within(sample, "x", (low, high))
    unit = (sample - low) / (high - low)
    # Betting that the mean is higher rules out candidates from below; the other side is the same game mirrored.
    lowest = low + (high - low) * _ruled_out(unit, level)
    highest = high - (high - low) * _ruled_out(1.0 - unit, level)
    return ConfidenceSequence(sample.cumsum() / np.arange(1, len(sample) + 1), lowest, highest, level)


def sequential_comparison(
    a: npt.ArrayLike, b: npt.ArrayLike, bounds: tuple[float, float], level: float = 0.95
) -> SequentialComparison:
    """Tell a and b apart as soon as the seeds run so far allow it.

    Call it after every batch of seeds, on all seeds so far, and stop once ``decided_at`` is not None: the chance of
    ever telling equals apart is at most ``1 - level``, however often it is called and whatever makes one stop.

    Parameters
    ----------
    a, b
        One number per run, float [runs], matched by seed, in the order in which they were run.
    bounds
        Lowest and highest value that a run of a or b can have. Returns have wide natural bounds; fix narrower ones
        before the study, clip both samples to them, and the verdict is about the clipped returns.
    level
        One minus the error.

    Raises
    ------
    ValueError
        On unequal numbers of runs, or a run outside ``bounds``.
    """
    first, second = as_runs(a, "a", least=1), as_runs(b, "b", least=1)
    check_same_shape(first, second, ("a", "b"), "to be paired")
    low, high = as_bounds(bounds)
    check_within(first, "a", (low, high))
    check_within(second, "b", (low, high))
    sequence = confidence_sequence(first - second, (low - high, high - low), level)
    apart = (sequence.low > 0.0) | (sequence.high < 0.0)
    if not apart.any():
        return SequentialComparison(sequence, None, 0)
    at = int(apart.argmax())
    return SequentialComparison(sequence, at + 1, 1 if sequence.low[at] > 0.0 else -1)


def _ruled_out(x: FloatArray, level: float) -> FloatArray:
    """Return for each t the highest candidate in [0, 1] ruled out as too low by x[:t + 1]; 0 where there is none."""
    n = len(x)
    bets = _bets(x, 1.0 - level)
    candidates = np.linspace(0.0, 1.0, CANDIDATES)[1:]
    out = np.zeros(n, dtype=np.intp)
    width = max(1, BLOCK // n)
    for start in range(0, len(candidates), width):
        m = candidates[start : start + width]
        stake = np.minimum(bets[:, None], 0.5 / m)
        log_capital = np.log1p(stake * (x[:, None] - m)).cumsum(axis=0)
        # Half of the capital is bet on either side. Capital falls as the candidate grows, so counting is enough.
        out += np.count_nonzero(log_capital >= np.log(2.0 / (1.0 - level)), axis=1)
    return np.concatenate([[0.0], candidates])[np.maximum.accumulate(out)]


def _bets(x: FloatArray, error: float) -> FloatArray:
    """Return the predictable bets sqrt(2 log(2 / error) / (variance t log(t + 1))), each from the runs before it."""
    t = np.arange(1.0, len(x) + 1.0)
    mean = (0.5 + x.cumsum()) / (t + 1.0)
    variance = (0.25 + ((x - mean) ** 2).cumsum()) / (t + 1.0)
    before = np.concatenate([[0.25], variance[:-1]])
    return np.asarray(np.sqrt(2.0 * np.log(2.0 / error) / (before * t * np.log(t + 1.0))))
