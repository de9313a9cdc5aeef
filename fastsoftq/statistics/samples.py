"""What counts as a sample: arguments are turned into arrays here, or refused by name."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import MOST, array, count, every, finite, flag, generator, number, shown, unmasked

FloatArray = npt.NDArray[np.float64]

#: Numbers closer than this, in proportion, differ by the rounding of sums and quotients only: 256 roundings.
ROUNDING = 2.0**-44

#: Numbers may be no larger: their sums, and the ends of their intervals, are numbers, too.
LARGEST = 1e290

#: A smaller share of runs is none: no sample shows it, and 1 less it is 1.
_LEAST_SHARE = 1e-12

#: How many numbers a block of resamples may hold at once: 16 MiB of float64.
BLOCK = 1 << 21

#: The most resamples, or permutations, that may be asked for.
MOST_RESAMPLES = 1_000_000

#: Seed used wherever ``rng`` is None, so that the same sample always gives the same answer.
DEFAULT_SEED = 0


def as_resamples(resamples: int) -> int:
    """Return a number of resamples, or of permutations, from 100 to `MOST_RESAMPLES`."""
    return count("resamples", resamples, least=100, most=MOST_RESAMPLES)


def as_generator(rng: int | np.random.Generator | None) -> np.random.Generator:
    """Return a generator: the one given, one seeded by an integer, or the fixed default for None."""
    return generator(rng, DEFAULT_SEED)


def as_runs(x: npt.ArrayLike, name: str, least: int = 2) -> FloatArray:
    """Return ``x`` as float64 [runs], finite, with at least ``least`` runs."""
    return _as_sample(x, name, least, ("runs",))


def as_curves(x: npt.ArrayLike, name: str, columns: str = "episodes", least: int = 2) -> FloatArray:
    """Return ``x`` as float64 [runs, columns], finite, with at least ``least`` runs and one column."""
    return _as_sample(x, name, least, ("runs", columns))


def as_numbers(x: npt.ArrayLike, name: str, axis: int | None) -> FloatArray:
    """Return ``x`` as float64 of any shape that has ``axis``, finite and not empty."""
    numbers = _as_floats(x, name, "")
    if axis is not None and not -numbers.ndim <= count("axis", axis, least=-MOST) < numbers.ndim:
        raise ValueError(f"axis is {axis}; {name} has shape {numbers.shape}")
    if numbers.size == 0:
        raise ValueError(f"{name} has shape {numbers.shape}; it must not be empty")
    _check_values(name, numbers)
    return numbers


def _check_values(name: str, x: FloatArray) -> None:
    finite(name, x, "every value must be finite")
    every(name, x, np.abs(x) <= LARGEST, f"it must be no larger than {LARGEST:g}, in some other unit")


def _as_floats(x: npt.ArrayLike, name: str, shape: str) -> FloatArray:
    unmasked(name, x)
    try:
        return array(name, x, "biuf").astype(np.float64, order="C")
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} is of type {type(x).__name__}; it must hold numbers{shape}") from error


def _as_sample(x: npt.ArrayLike, name: str, least: int, axes: tuple[str, ...]) -> FloatArray:
    sample = _as_floats(x, name, f" of shape [{', '.join(axes)}]")
    if sample.ndim != len(axes):
        raise ValueError(f"{name} has shape {sample.shape}; it must be [{', '.join(axes)}]")
    if sample.size == 0:
        raise ValueError(f"{name} has shape {sample.shape}; it must not be empty")
    if sample.shape[0] < least:
        raise ValueError(f"{name} holds {sample.shape[0]} run(s); at least {least} are needed")
    _check_values(name, sample)
    return sample


def as_conditions(samples: Sequence[npt.ArrayLike] | npt.ArrayLike, name: str) -> list[npt.ArrayLike]:
    """Return the samples of some conditions, which are yet to be checked, as a list."""
    try:
        return list(samples)  # type: ignore[arg-type]
    except TypeError as error:
        raise TypeError(f"{name} is {shown(samples)}; it must be a sequence of samples [runs]") from error


def check_same_shape(a: FloatArray, b: FloatArray, names: tuple[str, str], why: str) -> None:
    """Refuse two samples of unequal shape."""
    if a.shape != b.shape:
        raise ValueError(f"{names[0]} has shape {a.shape} and {names[1]} {b.shape}; they must be equal {why}")


def as_two_samples(a: npt.ArrayLike, b: npt.ArrayLike, paired: bool) -> tuple[FloatArray, FloatArray]:
    """Return two samples as float64 [runs] each, equally many where they are paired."""
    first, second = as_runs(a, "a"), as_runs(b, "b")
    if flag("paired", paired):
        check_same_shape(first, second, ("a", "b"), "to be paired")
    return first, second


def as_fraction(value: float, name: str) -> float:
    """Return ``value`` as a float strictly between 0 and 1."""
    result = number(name, value)
    if not 0.0 < result < 1.0:
        raise ValueError(f"{name} is {result}; it must lie strictly between 0 and 1")
    return result


def as_share_of_runs(value: float, name: str) -> float:
    """Return ``value`` as a share of runs that differs from none and from all."""
    result = as_fraction(value, name)
    if not _LEAST_SHARE <= result <= 1.0 - _LEAST_SHARE:
        raise ValueError(f"{name} is {result}; it must lie in [{_LEAST_SHARE:g}, 1 - {_LEAST_SHARE:g}]")
    return result


def as_bounds(bounds: tuple[float, float]) -> tuple[float, float]:
    """Return the lowest and the highest value there can be."""
    try:
        low, high = bounds
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(f"bounds is {shown(bounds)}; it must be a pair (lowest, highest)") from error
    low, high = number("bounds[0]", low), number("bounds[1]", high)
    if max(abs(low), abs(high)) > LARGEST:
        raise ValueError(f"bounds is ({low}, {high}); they must be no larger than {LARGEST:g}, in some other unit")
    if low >= high:
        raise ValueError(f"bounds is ({low}, {high}); the first must be below the second")
    return low, high


def limits_of(bounds: tuple[float, float] | None, *samples: npt.ArrayLike) -> tuple[float, float] | None:
    """Return the bounds given; of truth values 0 and 1, if none are; else None."""
    if bounds is not None:
        return as_bounds(bounds)
    return (0.0, 1.0) if all(np.asarray(x).dtype == np.bool_ for x in samples) else None


def within(x: FloatArray, name: str, bounds: tuple[float, float]) -> FloatArray:
    """Return a sample cut at the bounds it is said to have; refuse one that leaves them by more than rounding."""
    low, high = bounds
    slack = ROUNDING * max(abs(low), abs(high))
    inside = (x >= low - slack) & (x <= high + slack)
    every(name, x, inside, f"it must lie within bounds, [{low}, {high}]")
    return np.clip(x, low, high)


def exponent(*samples: FloatArray) -> npt.NDArray[np.intc]:
    """Return for each column of samples [runs, ...] the power of two next above all of its values.

    Squares of numbers scaled by it neither overflow nor vanish, and scaling by a power of two rounds nothing.
    """
    return np.asarray(np.frexp(np.max([np.abs(x).max(axis=0) for x in samples], axis=0))[1])


def scaled(x: FloatArray, power: npt.NDArray[np.intc]) -> FloatArray:
    """Return x times two to the power, the power of each column its own."""
    # In two steps: 2^-1074, the least number, takes a power beyond the greatest.
    return np.asarray(np.ldexp(np.ldexp(x, power // 2), power - power // 2))


def scaled_bounds(bounds: tuple[float, float] | None, power: npt.NDArray[np.intc]) -> tuple[float, float] | None:
    """Return bounds over two to the power; those far beyond all runs are infinite, as good as none."""
    if bounds is None:
        return None
    with np.errstate(over="ignore"):
        low, high = scaled(np.array(bounds), -power)
    return float(low), float(high)


def paired_differences(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return a - b, [runs, ...]; if all are equal up to rounding, exactly equal.

    A difference is as exact as its own two numbers are, whatever the size of others.
    """
    differences = a - b
    noise = ROUNDING * np.maximum(np.abs(a), np.abs(b))
    differences[np.abs(differences) <= noise] = 0.0
    return np.where(np.ptp(differences, axis=0) <= noise.min(axis=0), differences[0], differences)
