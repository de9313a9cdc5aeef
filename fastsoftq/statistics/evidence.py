"""The most that so many runs can prove, however far apart they are."""

import math

from fastsoftq.checks import count, flag


def least_p_value(runs_a: int, runs_b: int, paired: bool = True) -> float:
    """Return the least p-value that `permutation_test` can have with so many runs, however far apart they are.

    Parameters
    ----------
    runs_a, runs_b
        Numbers of runs; equal where paired.
    paired
        Whether they are matched.

    Notes
    -----
    Of all signs, or labels, two say that a and b differ by as much as they do; of labels one where runs are not as
    many. Permutations that are drawn rather than taken one and all add a little.

    Examples
    --------
    >>> least_p_value(5, 5)
    0.0625
    """
    runs_a, runs_b = count("runs_a", runs_a), count("runs_b", runs_b)
    if flag("paired", paired):
        return 0.5 ** (runs_a - 1)
    ways = math.lgamma(runs_a + runs_b + 1) - math.lgamma(runs_a + 1) - math.lgamma(runs_b + 1)
    return min((2.0 if runs_a == runs_b else 1.0) * math.exp(-ways), 1.0)
