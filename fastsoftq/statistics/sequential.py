"""Stopping a study once it is decided: confidence sequences that stay valid however often one looks."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastsoftq.statistics.betting_bounds import ruled_out, sequential_bets
from fastsoftq.statistics.samples import FloatArray, as_bounds, as_fraction, as_runs, check_same_shape, within
from fastsoftq.system.html import NotebookTable


@dataclass(frozen=True, eq=False)
class ConfidenceSequence(NotebookTable):
    """Intervals for the mean after 1, 2, ... runs, all of them true together with probability ``level``.

    Attributes
    ----------
    center, low, high
        float64 [runs]: running mean and bounds; entry t uses the first t + 1 runs. Where ``low`` exceeds ``high`` no
        mean is left: runs that come in any order let that happen with probability ``1 - level`` at most.
    level
        Probability that the mean lies inside every one of the intervals.

    Examples
    --------
    >>> confidence_sequence([0.2, 0.4], bounds=(0.0, 1.0)).center.round(2).tolist()
    [0.2, 0.3]
    """

    center: FloatArray
    low: FloatArray
    high: FloatArray
    level: float


@dataclass(frozen=True, eq=False)
class SequentialComparison(NotebookTable):
    """A comparison that may be looked at after every seed.

    Attributes
    ----------
    sequence
        Confidence sequence of the mean difference, a - b.
    decided_at
        Number of seeds after which a and b were told apart; None if they are not yet.
    sign
        +1 if a exceeds b, -1 if b exceeds a, 0 if undecided.

    Examples
    --------
    >>> sequential_comparison([0.5, 0.6], [0.4, 0.6], bounds=(0.0, 1.0)).message
    'not told apart after 2 seeds: a - b lies in [-1, 1] (error 0.05)'
    """

    sequence: ConfidenceSequence
    decided_at: int | None
    sign: int

    @property
    def message(self) -> str:
        """The verdict in words."""
        sequence, error = self.sequence, 1.0 - self.sequence.level
        low, high = sequence.low[-1], sequence.high[-1]
        between = f"a - b lies in [{low:.4g}, {high:.4g}]"
        if low > high:
            between = f"no a - b is left, above {low:.4g} and below {high:.4g} at once: runs changed on the way"
        if self.decided_at is None:
            return f"not told apart after {len(sequence.low)} seeds: {between} (error {error:.3g})"
        better, worse = ("a", "b") if self.sign > 0 else ("b", "a")
        after = f"decided after {self.decided_at} seeds"
        return f"{better} exceeds {worse}, {after}: {between} (error {error:.3g})"


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

    Examples
    --------
    >>> sequence = confidence_sequence(np.tile([0.0, 1.0], 100), bounds=(0.0, 1.0))
    >>> bool(sequence.low[-1] < 0.5 < sequence.high[-1]), bool(sequence.high[9] > sequence.high[-1])
    (True, True)
    """
    sample = as_runs(x, "x", least=1)
    low, high = as_bounds(bounds)
    level = as_fraction(level, "level")
    sample = within(sample, "x", (low, high))
    unit = (sample - low) / (high - low)
    # Betting that the mean is higher rules out candidates from below; the other side is the same game mirrored.
    below, above = (ruled_out(x, sequential_bets(x, 1.0 - level), level) for x in (unit, 1.0 - unit))
    lowest, highest = low + (high - low) * below, high - (high - low) * above
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

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> result = sequential_comparison(rng.random(100), 0.3 * rng.random(100), bounds=(0.0, 1.0))
    >>> result.sign, result.decided_at is not None
    (1, True)
    """
    first, second = as_runs(a, "a", least=1), as_runs(b, "b", least=1)
    check_same_shape(first, second, ("a", "b"), "to be paired")
    low, high = as_bounds(bounds)
    first, second = within(first, "a", (low, high)), within(second, "b", (low, high))
    sequence = confidence_sequence(first - second, (low - high, high - low), level)
    apart = (sequence.low > 0.0) | (sequence.high < 0.0)
    if not apart.any():
        return SequentialComparison(sequence, None, 0)
    at = int(apart.argmax())
    return SequentialComparison(sequence, at + 1, 1 if sequence.low[at] > 0.0 else -1)
