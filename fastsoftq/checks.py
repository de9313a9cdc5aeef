"""Checks of arguments, so that planning and training refuse a bad value with one voice; they import `system` only."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping, Set
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from fastsoftq.system.processors import processors

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import Generator
    from numpy.typing import NDArray

__all__ = [
    "LARGEST",
    "MOST",
    "array",
    "choice",
    "count",
    "distribution",
    "flag",
    "generator",
    "in_unit_interval",
    "index",
    "number",
    "positive",
    "reward",
    "reward_scale",
    "rows",
    "temperature",
    "text",
    "threads",
    "unmasked",
]

MOST = 2**31 - 1
"""The largest count, unless said otherwise: compiled code counts in 32 bits."""

LARGEST = 1e100
"""The largest reward, as it is or scaled, and the largest initial value: sums over any number of steps, and their
squares, stay far from where float64 ends."""

_MOST_THREADS = 1024
_ROUNDING = 1e-9  # how far probabilities may be from summing to one in float64
_TEMPERATURES = 1e-30, 1e30  # their inverses, in bits, are numbers in single precision too


def number(name: str, value: Any) -> float:
    """Return `value` as a float if it is a finite real number.

    Parameters
    ----------
    name : str
        What the caller calls the value.
    value : object
        What was passed. A NumPy scalar is a number, and so is an array of no axes; a bool, a string or any other array
        is not.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        Not finite.
    """
    result = _real(name, value)
    if not math.isfinite(result):
        raise ValueError(f"{name} is {result}; it must be finite")
    return result


def positive(name: str, value: Any) -> float:
    """Return `value` as a float if it is a finite number above 0.

    Parameters
    ----------
    name, value
        As for `number`.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        Not finite, or not above 0.
    """
    result = number(name, value)
    if result <= 0.0:
        raise ValueError(f"{name} is {result}; it must be above 0")
    return result


def temperature(name: str, value: Any) -> float:
    """Return `value` as a float if it is a temperature that can be reckoned with.

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        Not above 0, or too close to 0 or to infinity.
    """
    result = positive(name, value)
    low, high = _TEMPERATURES
    if not low <= result <= high:
        raise ValueError(f"{name} is {result}; it must lie in [{low:g}, {high:g}]")
    return result


def reward_scale(name: str, value: Any, largest: float) -> float:
    """Return `value` as a float if it is a factor for rewards of up to `largest`.

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        Not finite, not above 0, or such that the scaled rewards are too large.
    """
    result = positive(name, value)
    if result * largest > LARGEST:
        raise ValueError(f"{name} is {result}; times the largest reward, {largest:g}, it must be at most {LARGEST:g}")
    return result


def in_unit_interval(name: str, value: Any, *, open_below: bool = False, open_above: bool = False) -> float:
    """Return `value` as a float if it lies in [0, 1].

    Parameters
    ----------
    name, value
        As for `number`.
    open_below, open_above : bool
        Leave out 0, as for a step size; leave out 1.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        NaN, or outside the interval.
    """
    result = _real(name, value)
    if not 0.0 <= result <= 1.0 or (open_below and result == 0.0) or (open_above and result == 1.0):
        raise ValueError(
            f"{name} is {result}; it must lie in {'(' if open_below else '['}0, 1{')' if open_above else ']'}"
        )
    return result


def count(name: str, value: Any, *, least: int = 1, most: int = MOST) -> int:
    """Return `value` as an int if it is a whole number from `least` to `most`.

    Parameters
    ----------
    name, value
        As for `number`; a float is not a count, even if it is whole.
    least, most : int
        The smallest and the largest value allowed.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        Not an integer.
    ValueError
        Too small, or too large.
    """
    result = _whole(name, value)
    if result < least:
        raise ValueError(f"{name} is {result}; it must be at least {least}")
    if result > most:
        raise ValueError(f"{name} is {result}; it must be at most {most}")
    return result


def threads(value: Any) -> int:
    """Return how many threads to use: `value`, or for None one for each processor that this process may use.

    Raises
    ------
    TypeError
        Not an integer.
    ValueError
        None at all, or more than a machine can be thought to have.
    """
    return min(processors(), _MOST_THREADS) if value is None else count("threads", value, most=_MOST_THREADS)


def index(name: str, value: Any, size: int) -> int:
    """Return `value` as an int if it is one of 0, 1, ..., `size` - 1.

    Raises
    ------
    TypeError
        Not an integer.
    ValueError
        Outside.
    """
    result = _whole(name, value)
    if not 0 <= result < size:
        raise ValueError(f"{name} is {result}; it must lie in 0..{size - 1}")
    return result


def reward(name: str, value: Any) -> float:
    """Return `value` as a float if it can be reckoned with as a reward.

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        Not finite, or too large.
    """
    result = number(name, value)
    if abs(result) > LARGEST:
        raise ValueError(f"{name} is {result}; it must be within ±{LARGEST:g}")
    return result


def text(name: str, value: Any) -> str:
    """Return `value` if it is a string.

    Raises
    ------
    TypeError
        Anything else.
    """
    plain = _scalar(name, value)
    if not isinstance(plain, str):
        raise TypeError(f"{name} is {value!r}; it must be a string")
    return str(plain)


def rows(name: str, value: Any) -> tuple[str, ...]:
    """Return `value` as a tuple if it is a sequence of strings.

    Raises
    ------
    TypeError
        Anything else; sets and mappings too, whose order means nothing.
    """
    if isinstance(value, str | Set | Mapping) or not isinstance(value, Iterable) or getattr(value, "ndim", 1) == 0:
        raise TypeError(f"{name} is {value!r}; it must be a sequence of strings")
    return tuple(text(f"{name}[{i}]", row) for i, row in enumerate(value))


def generator(value: Any, unseeded: int | None = None) -> Generator:
    """Return `value` if it is a source of randomness, or the one that it is a seed for.

    Parameters
    ----------
    value : numpy.random.Generator, int or None
    unseeded : int, optional
        The seed used for None; fresh randomness if not given.

    Raises
    ------
    TypeError
        Anything else.
    ValueError
        A negative seed.
    """
    import numpy as np

    if isinstance(value, np.random.Generator):
        return value
    if value is None:
        return np.random.default_rng(unseeded)
    seed = _scalar("rng", value)
    if isinstance(seed, bool) or not isinstance(seed, Integral):
        raise TypeError(f"rng is {value!r}; it must be an integer, a numpy.random.Generator or None")
    if seed < 0:
        raise ValueError(f"rng is {seed}; as a seed it must be at least 0")
    return np.random.default_rng(int(seed))


def flag(name: str, value: Any) -> bool:
    """Return `value` if it is True or False.

    Raises
    ------
    TypeError
        Anything else.
    """
    plain = _scalar(name, value)
    if not isinstance(plain, bool):
        raise TypeError(f"{name} is {value!r}; it must be True or False")
    return plain


def array(name: str, value: Any, kinds: str = "", *, holds: str = "numbers") -> NDArray[Any]:
    """Return `value` as a plain array.

    A masked array of which nothing is masked, a matrix, or another subclass is taken for its data. What holds Python's
    own numbers as objects, fractions among them, becomes an array of bool, int64, uint64 or float64.

    Parameters
    ----------
    name, value
        As for `number`.
    kinds : str
        The kinds of dtype allowed, as NumPy abbreviates them; all if empty. An array that holds nothing is of any kind.
    holds : str
        What those are called.

    Returns
    -------
    ndarray

    Raises
    ------
    TypeError
        Of another kind.
    ValueError
        Rows of different lengths; masked entries; integers beyond 64 bits.
    """
    import numpy as np  # here, since the command line checks its numbers without it

    unmasked(name, value)
    try:
        result = np.asarray(value)
    except MemoryError:
        raise
    except Exception as error:  # whatever a value raises that says of itself that it can be an array
        raise ValueError(f"{name} is no array: {error}") from None
    if kinds and result.dtype.kind == "O":
        result = _plain(name, result, holds)
    if kinds and result.size and result.dtype.kind not in kinds:
        raise TypeError(f"{name} has dtype {result.dtype}; it must hold {holds}")
    return result


def unmasked(name: str, value: Any) -> None:
    """Refuse masked arrays with masked entries, also within lists: what is under a mask is no value.

    Raises
    ------
    ValueError
        Something is masked.
    """
    if _has_masked(value, set()):
        raise ValueError(f"{name} has masked entries; every value must be there")


def distribution(name: str, probability: NDArray[Any]) -> NDArray[np.float64]:
    """Return `probability` as float64 if its last axis holds distributions.

    Sums may be off by as much as rounding explains in the dtype they come in: 1e-9 for float64, and an epsilon of
    float32 or float16 (1.2e-7, 9.8e-4) for each entry of a sum. What comes in these is divided by its sums.

    Parameters
    ----------
    name : str
        What the caller calls it.
    probability : ndarray of numbers, shape [..., outcomes]

    Returns
    -------
    ndarray of float64, same shape

    Raises
    ------
    ValueError
        Negative probabilities, or such as do not sum to 1; the message says where.
    """
    import numpy as np

    p = probability.astype(np.float64, order="C")
    bad = ~(p >= 0.0)
    if bad.any():
        where = [int(i) for i in np.argwhere(bad)[0]]
        raise ValueError(f"{name}{where} is {p[tuple(where)]}; probabilities must be at least 0")
    total = p.sum(axis=-1)
    epsilon = float(np.finfo(probability.dtype).eps) if probability.dtype.kind == "f" else 0.0
    off = ~(np.abs(total - 1.0) <= max(_ROUNDING, epsilon * p.shape[-1]))
    if off.any():
        where = [int(i) for i in np.argwhere(off)[0]]
        raise ValueError(f"{name}{where or ''} sums to {total[tuple(where)]:.12g}; probabilities must sum to 1")
    coarse = epsilon > np.finfo(np.float64).eps
    return np.asarray(p / total[..., None]) if coarse else p


def choice(name: str, value: Any, allowed: Iterable[str]) -> str:
    """Return `value` if it is one of the names in `allowed`.

    Parameters
    ----------
    name, value
        As for `number`.
    allowed : iterable of str
        The names known.

    Returns
    -------
    str

    Raises
    ------
    TypeError
        Not a string.
    ValueError
        Unknown; the message gives the nearest name and all of them.

    Examples
    --------
    >>> choice("precision", "duoble", ["double", "mixed"])
    Traceback (most recent call last):
    ValueError: precision is 'duoble'; did you mean 'double'? It must be one of 'double', 'mixed'
    """
    names = list(allowed)
    value = _scalar(name, value)
    if not isinstance(value, str):
        raise TypeError(f"{name} is {value!r}; it must be one of {', '.join(map(repr, names))}")
    if value not in names:
        near = difflib.get_close_matches(value, names, 1)
        hint = f"did you mean {near[0]!r}? It" if near else "it"
        raise ValueError(f"{name} is {value!r}; {hint} must be one of {', '.join(map(repr, names))}")
    return str(value)


def _whole(name: str, value: Any) -> int:
    plain = _scalar(name, value)
    if isinstance(plain, bool) or not isinstance(plain, Integral):
        raise TypeError(f"{name} is {value!r}; it must be an integer")
    return int(plain)


def _real(name: str, value: Any) -> float:
    plain = _scalar(name, value)
    if isinstance(plain, bool) or not isinstance(plain, Real):
        raise TypeError(f"{name} is {value!r}; it must be a number")
    try:
        return float(plain)
    except OverflowError:
        raise ValueError(f"{name} is too large for a float; it must be finite") from None


def _scalar(name: str, value: Any) -> Any:
    """What an array of no axes holds; anything else as it is."""
    if getattr(value, "ndim", None) != 0 or not hasattr(value, "item"):
        return value
    unmasked(name, value)
    return value.item()


def _has_masked(value: Any, seen: set[int]) -> bool:
    if isinstance(value, list | tuple):
        if id(value) in seen:
            return False
        seen.add(id(value))
        return any(_has_masked(inner, seen) for inner in value)
    if not hasattr(value, "mask"):
        return False
    import numpy as np

    return isinstance(value, np.ma.MaskedArray) and bool(np.ma.is_masked(value))


def _plain(name: str, objects: NDArray[Any], holds: str) -> NDArray[Any]:
    """An array of Python's numbers as one of NumPy's: bools, integers or floats, whichever they all are."""
    import numpy as np

    found = [_scalar(name, element) for element in objects.ravel().tolist()]
    whole = [isinstance(element, Integral) and not isinstance(element, bool) for element in found]
    if found and all(isinstance(element, bool) for element in found):
        return np.array(found, np.bool_).reshape(objects.shape)
    for i, element in enumerate(found):
        if isinstance(element, bool) or not isinstance(element, Real):
            where = [int(j) for j in np.unravel_index(i, objects.shape)]
            raise TypeError(f"{name}{where or ''} is {element!r}; it must hold {holds}")
    if not all(whole):
        return np.array([_real(name, element) for element in found], np.float64).reshape(objects.shape)
    dtype = np.int64 if min(found, default=0) < 0 else np.uint64
    beyond = [element for element in found if not np.iinfo(dtype).min <= element <= np.iinfo(dtype).max]
    if beyond:
        raise ValueError(f"{name} includes {beyond[0]}; together, its integers must fit into 64 bits")
    return np.array(found, dtype).reshape(objects.shape)
