"""Whether seeds run in rounds have answered a question yet: an error rate that holds however many rounds there are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import count, flag, positive, shown
from fastsoftq.statistics.clopper_pearson import is_two_valued
from fastsoftq.statistics.difference_interval import difference_interval
from fastsoftq.statistics.permutation import permute
from fastsoftq.statistics.permuted_runs import least_p_value
from fastsoftq.statistics.resampling import permutations_for
from fastsoftq.statistics.samples import (
    FloatArray,
    as_fraction,
    as_generator,
    as_two_samples,
    exponent,
    limits_of,
    paired_differences,
    scaled,
    scaled_bounds,
    within,
)
from fastsoftq.system.html import NotebookTable, value_text


@dataclass(frozen=True)
class Decision(NotebookTable):
    """What seeds run in rounds say of a - b.

    Attributes
    ----------
    answered
        Whether the question is answered: which is larger, or that they differ by less than ``difference``.
    sign
        +1 if a exceeds b, -1 if b exceeds a, 0 if neither is told.
    smaller
        Whether the difference is told to be smaller than ``difference``, either way. Both may be known.
    estimate, low, high
        Difference of means after the round that answered, or the last, and its interval; intervals of all rounds hold
        together, so this is what all of them leave.
    difference
        The difference that matters.
    round, runs
        The round that answered, or the last, from 1 on; the runs it ended with.
    confidence
        One minus the chance of any error in any round, for all comparisons together.

    Examples
    --------
    >>> found = sequential_decision(np.arange(20.0) + 9.0, np.arange(20.0) % 7, difference=1.0)
    >>> found.answered, found.sign, found.words
    (True, 1, 'a exceeds b: a − b lies in [12.5054, 18.8479]')
    """

    answered: bool
    sign: int
    smaller: bool
    estimate: float
    low: float
    high: float
    difference: float
    round: int
    runs: int
    confidence: float

    @property
    def words(self) -> str:
        """The decision in words."""
        between = f"a \N{MINUS SIGN} b lies in [{value_text(self.low)}, {value_text(self.high)}]"
        if self.sign:
            better, worse = ("a", "b") if self.sign > 0 else ("b", "a")
            small = f" by less than {value_text(self.difference)}" if self.smaller else ""
            return f"{better} exceeds {worse}{small}: {between}"
        if self.smaller:
            return f"a and b differ by less than {value_text(self.difference)}: {between}"
        return f"not decided after {value_text(self.runs)} runs: {between}"


def sequential_decision(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    rounds: Sequence[int] | None = None,
    *,
    difference: float,
    confidence: float = 0.95,
    paired: bool = True,
    comparisons: int = 1,
    bounds: tuple[float, float] | None = None,
    rng: int | np.random.Generator | None = None,
) -> Decision:
    """Decide whether seeds run so far answer which of a and b is larger, or that they differ by less than it matters.

    Call it after every round, on all seeds so far and the ends of all rounds so far, and stop once it is answered. It
    goes through the rounds again, so that nothing needs to be kept.

    Parameters
    ----------
    a, b
        One number per run, float [runs], in the order in which they were run.
    rounds
        How many runs there were at the end of each round, ascending, such as (50, 100, 200); fixed before the study, or
        by a rule that does not look at results, as doubling does. None means one round, of all runs.
    difference
        The smallest difference that matters, above 0.
    confidence
        One minus the chance of any wrong statement.
    paired
        Whether run i of both belongs to one seed.
    comparisons
        How many such questions are asked together; they share the error.
    bounds
        Lowest and highest value that a run can have, if known.
    rng
        For samples that take two values, which are held against a permutation test.

    Returns
    -------
    Decision
        Answered when the interval is clear of 0, or lies within (-difference, difference).

    Raises
    ------
    ValueError
        On a bad sample, rounds that do not ascend or go beyond the runs, a difference that is not positive.

    Notes
    -----
    Round r has the interval of `compare_samples` at the error (1 - confidence) / (r (r + 1)), over ``comparisons``:
    those of all rounds there can be add up to all of it (alpha spending, in the manner of Lan and DeMets, Biometrika
    70, 1983). So all intervals hold together, however many rounds there are and whatever makes one stop, as far as each
    holds by itself; from the second round on they are taken together. With as few pairs as could have one sign by
    chance at that error nothing is decided.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> a, b = rng.normal(size=(2, 400))
    >>> sequential_decision(a, b, (100, 200, 400), difference=0.5).words
    'a and b differ by less than 0.5: a − b lies in [−0.258918, 0.402224]'
    """
    first, second = as_two_samples(a, b, flag("paired", paired))
    difference, confidence = positive("difference", difference), as_fraction(confidence, "confidence")
    alpha = (1.0 - confidence) / count("comparisons", comparisons)
    limits = limits_of(bounds, a, b)
    if limits is not None:
        first, second = within(first, "a", limits), within(second, "b", limits)
    ends = _as_rounds(rounds, min(len(first), len(second)))
    x, y, low, high, number, runs = first, second, -math.inf, math.inf, 0, 0
    for number, runs in enumerate(ends, 1):
        x, y = (first, second) if rounds is None else (first[:runs], second[:runs])
        below, above = _interval(x, y, paired, alpha / (number * (number + 1)), limits, rng)
        low, high = max(low, below), min(high, above)
        if low > high:  # one of them is wrong, as may happen with the probability alpha: the later knows more
            low, high = below, above
        if low > 0.0 or high < 0.0 or -difference < low <= high < difference:
            break
    sign = int(low > 0.0) - int(high < 0.0)
    smaller = -difference < low and high < difference
    estimate = float(x.mean() - y.mean())
    return Decision(bool(sign or smaller), sign, smaller, estimate, low, high, difference, number, runs, confidence)


def _as_rounds(rounds: Sequence[int] | None, runs: int) -> list[int]:
    if rounds is None:
        return [runs]
    try:
        given = list(rounds)
    except TypeError as error:
        raise TypeError(f"rounds is {shown(rounds)}; it must be a sequence of integers, or None") from error
    ends = [count(f"rounds[{i}]", end, least=2) for i, end in enumerate(given)]
    if not ends or any(later <= earlier for earlier, later in pairwise(ends)):
        raise ValueError(f"rounds is {shown(ends)}; they must ascend, and there must be one at least")
    if ends[-1] > runs:
        raise ValueError(f"rounds is {shown(ends)}; there are {runs} runs only")
    return ends


def _interval(
    a: FloatArray,
    b: FloatArray,
    paired: bool,
    alpha: float,
    limits: tuple[float, float] | None,
    rng: int | np.random.Generator | None,
) -> tuple[float, float]:
    power = exponent(a, b)
    one, other = scaled(a, -power), scaled(b, -power)
    low, high = difference_interval(one, other, paired, alpha, scaled_bounds(limits, power))
    groups = [paired_differences(one, other)] if paired else [one, other]
    proved = least_p_value(len(a), len(b), paired) <= alpha
    if proved and any(is_two_valued(group) for group in groups):
        proved = permute(a, b, paired, as_generator(rng), permutations_for(alpha), limits).p_value <= alpha
    if not proved:
        low, high = min(low, 0.0), max(high, 0.0)
    return float(np.ldexp(low, power)), float(np.ldexp(high, power))
