"""Checks of arrays: what they hold, and whether every entry is allowed."""

from __future__ import annotations

from itertools import pairwise
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from fastsoftq.checks.numbers import count, real
from fastsoftq.checks.plain import plain, shown, unmasked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["array", "ascending_counts", "distribution", "every", "finite"]

_ROUNDING = 1e-9  # how far probabilities may be from summing to one in float64


def array(name: str, value: Any, kinds: str = "", *, holds: str = "numbers") -> NDArray[Any]:
    """Return `value` as a plain array.

    Subclasses, such as a matrix or a masked array without masked entries, are taken for their data. Python's own
    numbers as objects, fractions among them, become an array of bool, int64, uint64 or float64.

    Parameters
    ----------
    name : str
        What the caller calls the value.
    value : object
    kinds : str
        The kinds of dtype allowed, as NumPy abbreviates them; all if empty. An array that holds nothing is of any kind.
    holds : str
        The name of these kinds in messages.

    Returns
    -------
    ndarray

    Raises
    ------
    TypeError
        An array of another kind.
    ValueError
        Rows of different lengths; masked entries; integers beyond 64 bits.

    Examples
    --------
    >>> array("next_state", [0.5], "iu", holds="integers")
    Traceback (most recent call last):
    TypeError: next_state has dtype float64; it must hold integers
    """
    import numpy as np  # here, since the command line checks its numbers without it

    unmasked(name, value)
    try:
        result = np.asarray(value)
    except MemoryError:
        raise
    except Exception as error:  # whatever the value's own conversion raises
        raise ValueError(f"{name} is no array: {error}") from None
    if kinds and result.dtype.kind == "O":
        result = _of_numbers(name, result, holds)
    if kinds and result.size and result.dtype.kind not in kinds:
        raise TypeError(f"{name} has dtype {result.dtype}; it must hold {holds}")
    return result


def every(name: str, values: NDArray[Any], good: Any, must: str) -> None:
    """Refuse an array by its first bad entry.

    Parameters
    ----------
    name : str
        What the caller calls it.
    values : ndarray
    good : ndarray of bool, same shape
        Which entries are allowed.
    must : str
        What is allowed, as the message ends.

    Raises
    ------
    ValueError
        Names the entry, its value and what is allowed.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, -2.0]])
    >>> every("probability", x, x >= 0, "probabilities must be at least 0")
    Traceback (most recent call last):
    ValueError: probability[0, 1] is -2.0; probabilities must be at least 0
    """
    import numpy as np

    if not np.all(good):
        where = tuple(int(i) for i in np.argwhere(~np.asarray(good))[0])
        raise ValueError(f"{name}{list(where) or ''} is {values[where]}; {must}")


def finite(name: str, values: NDArray[Any], must: str = "it must be finite") -> None:
    """Refuse an array that holds NaN or an infinity.

    Raises
    ------
    ValueError
        Names the first such entry.

    Examples
    --------
    >>> import numpy as np
    >>> finite("row", np.array([0.0, np.nan]))
    Traceback (most recent call last):
    ValueError: row[1] is nan; it must be finite
    """
    import numpy as np

    every(name, values, np.isfinite(values), must)


def distribution(name: str, probability: NDArray[Any]) -> NDArray[np.float64]:
    """Return `probability` as float64 if its last axis holds distributions.

    Sums may be off by rounding: by 1e-9 in float64, by an epsilon for each entry in float32 or float16 (1.2e-7,
    9.8e-4), which are then divided by their sums.

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
        Probabilities that are negative or do not sum to 1; the message says where.

    Examples
    --------
    >>> import numpy as np
    >>> distribution("policy", np.array([[0.5, 0.5], [0.5, 0.6]]))
    Traceback (most recent call last):
    ValueError: policy[1] sums to 1.1; probabilities must sum to 1
    """
    import numpy as np

    p = probability.astype(np.float64, order="C")
    every(name, p, p >= 0.0, "probabilities must be at least 0")
    total = p.sum(axis=-1)
    epsilon = float(np.finfo(probability.dtype).eps) if probability.dtype.kind == "f" else 0.0
    off = ~(np.abs(total - 1.0) <= max(_ROUNDING, epsilon * p.shape[-1]))
    if off.any():
        where = [int(i) for i in np.argwhere(off)[0]]
        raise ValueError(f"{name}{where or ''} sums to {total[tuple(where)]:.12g}; probabilities must sum to 1")
    coarse = epsilon > np.finfo(np.float64).eps
    return np.asarray(p / total[..., None]) if coarse else p


def _of_numbers(name: str, objects: NDArray[Any], holds: str) -> NDArray[Any]:
    """An array of Python's numbers as one of NumPy's: bools, integers or floats, whichever they all are."""
    import numpy as np

    found = [plain(name, element) for element in objects.ravel().tolist()]
    whole = [isinstance(element, Integral) and not isinstance(element, bool) for element in found]
    if found and all(isinstance(element, bool) for element in found):
        return np.array(found, np.bool_).reshape(objects.shape)
    for i, element in enumerate(found):
        if isinstance(element, bool) or not isinstance(element, Real):
            where = [int(j) for j in np.unravel_index(i, objects.shape)]
            raise TypeError(f"{name}{where or ''} is {shown(element)}; it must hold {holds}")
    if not all(whole):
        return np.array([real(name, element) for element in found], np.float64).reshape(objects.shape)
    dtype = np.int64 if min(found, default=0) < 0 else np.uint64
    beyond = [element for element in found if not np.iinfo(dtype).min <= element <= np.iinfo(dtype).max]
    if beyond:
        raise ValueError(f"{name} includes {shown(beyond[0])}; together, its integers must fit into 64 bits")
    return np.array(found, dtype).reshape(objects.shape)


def ascending_counts(name: str, value: Any, *, most: int) -> tuple[int, ...]:
    """Return a sequence of integers from 1 on, if they ascend and none exceeds `most`.

    Parameters
    ----------
    name : str
    value : sequence of int
    most : int

    Returns
    -------
    tuple of int

    Raises
    ------
    TypeError, ValueError

    Examples
    --------
    >>> ascending_counts("checkpoints", [1, 3], most=9)
    (1, 3)
    >>> ascending_counts("checkpoints", [3, 1], most=9)
    Traceback (most recent call last):
    ValueError: checkpoints has 1 after 3; they must ascend, none twice
    """
    given = array(name, value)
    if given.ndim != 1:
        raise TypeError(f"{name} is {shown(value)}; it must be a sequence of integers")
    found = tuple(count(f"{name}[{i}]", each, most=most) for i, each in enumerate(given.tolist()))
    for before, after in pairwise(found):
        if after <= before:
            raise ValueError(f"{name} has {after} after {before}; they must ascend, none twice")
    return found
