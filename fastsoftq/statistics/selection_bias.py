"""What choosing does to a number: the best of many on the seeds it was chosen by looks better than it is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import count, flag
from fastsoftq.statistics.intervals import Interval, confidence_interval
from fastsoftq.statistics.samples import FloatArray, as_conditions, as_fraction, as_generator, as_runs
from fastsoftq.system.html import NotebookTable


@dataclass(frozen=True)
class SelectionBias(NotebookTable):
    """The chosen condition on the seeds it was chosen by, and on others.

    Attributes
    ----------
    chosen
        The condition with the best mean on the tuning seeds.
    tuned
        Its mean on these, float: what a study without other seeds would report.
    tested
        Its mean on the test seeds, with an interval that owes nothing to the choice.
    optimism
        How much better ``tuned`` looks than the truth (above 0: too good), measured: its interval is that of
        ``tested``, seen from ``tuned``.
    expected
        How much better it looks on average over choices like this one, estimated from the tuning seeds alone; NaN of
        fewer than 4 of them.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = selection_bias(rng.normal(size=(100, 20)), rng.normal(size=(100, 400)))
    >>> found.tuned > 0.3, found.tested.low < 0.0 < found.tested.high, found.optimism.low > 0.0
    (True, True, True)
    """

    chosen: int
    tuned: float
    tested: Interval
    optimism: Interval
    expected: float


def selection_bias(
    tune: Sequence[npt.ArrayLike] | npt.ArrayLike,
    test: Sequence[npt.ArrayLike] | npt.ArrayLike,
    level: float = 0.95,
    rng: int | np.random.Generator | None = None,
    *,
    higher_is_better: bool = True,
    repetitions: int = 100,
) -> SelectionBias:
    """Choose the best condition on some seeds, measure it on others, and say what the choice adds.

    Parameters
    ----------
    tune
        One number per tuning run of each condition: a sequence of float [runs], equally many, one or more.
    test
        The same of test runs, of other seeds than the tuning runs.
    level
        Coverage of the intervals.
    rng
        Seed or generator of the halves. None means a fixed seed: the answer is reproducible.
    higher_is_better
        Whether the best mean is the highest.
    repetitions
        How many times the tuning seeds are halved for ``expected``.

    Raises
    ------
    ValueError
        On a bad sample, unequal numbers of conditions, or of tuning runs.

    Notes
    -----
    ``optimism`` holds whatever the choice: test seeds know nothing of it, so given the choice the interval of
    ``tested`` is that of a mean, and ``tuned`` a number. ``expected`` is what choices by half of the tuning seeds seem
    worth less what the other half says of them, over the root of two: of equals the best of twice the seeds is too good
    by that much less (where conditions differ, by less yet). Choices by nearly all seeds, as of ten folds, hardly vary:
    one time in five they would say 0 of the best of twelve equals. A bootstrap of the tuning seeds would be too small
    where all conditions are equal (by a factor of 1.4), for the conditions of its world differ by what noise there was.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> selection_bias(rng.normal(size=(5, 20)) + 3.0 * np.eye(5)[:, :1], rng.normal(size=(5, 20))).chosen
    0
    """
    level = as_fraction(level, "level")
    sign = 1.0 if flag("higher_is_better", higher_is_better) else -1.0
    repetitions = count("repetitions", repetitions)
    tuning = [sign * as_runs(x, f"tune[{i}]", least=1) for i, x in enumerate(as_conditions(tune, "tune"))]
    testing = as_conditions(test, "test")
    if not tuning or len(tuning) != len(testing):
        raise ValueError(f"tune holds {len(tuning)} conditions and test {len(testing)}; they must be equally many")
    if len({len(x) for x in tuning}) > 1:
        raise ValueError(f"tune holds {', '.join(str(len(x)) for x in tuning)} runs; they must be equally many")
    x = np.array(tuning)
    means = x.mean(axis=1)
    chosen = int(means.argmax())
    tuned = sign * float(means[chosen])
    tested = confidence_interval(as_runs(testing[chosen], f"test[{chosen}]"), level=level)
    low, high = sorted(sign * (tuned - end) for end in (tested.low, tested.high))
    optimism = Interval(sign * (tuned - tested.estimate), low, high, level, tested.method, tested.runs, tested.caution)
    return SelectionBias(chosen, tuned, tested, optimism, _expected(x, repetitions, as_generator(rng)))


def _expected(x: FloatArray, repetitions: int, rng: np.random.Generator) -> float:
    """Return by how much the best of conditions [conditions, runs] beats what runs it was not chosen by say of it."""
    runs = x.shape[1]
    if runs < 4:
        return float("nan")
    total, half, found = x.sum(axis=1), runs // 2, 0.0
    for _ in range(repetitions):
        one = x[:, rng.permutation(runs)[:half]].sum(axis=1)
        apart = one / half - (total - one) / (runs - half)
        # A choice that is the same by either half adds nothing.
        first, second = int(one.argmax()), int((total - one).argmax())
        found += float(apart[first] - apart[second]) if first != second else 0.0
    return found / repetitions / float(np.sqrt(runs / half) + np.sqrt(runs / (runs - half)))
