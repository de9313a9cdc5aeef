"""The same numbers in every guise that people hand over, and what only looks like numbers."""

import array
import tempfile
from decimal import Decimal
from fractions import Fraction

import numpy as np

__all__ = ["BAD", "GUISES", "SCALARS", "labelled"]


class Subclass(np.ndarray):
    pass


class Offered:
    """What is no array, and can be made one."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype)


def lists(values, kind):
    return kind(lists(inner, kind) for inner in values) if values.ndim else values[()].item()


def strided(values):
    wide = np.zeros((*values.shape[:-1], 2 * values.shape[-1]), values.dtype)
    wide[..., ::2] = values
    return wide[..., ::2]


def locked(values):
    values = values.copy()
    values.flags.writeable = False
    return values


def mapped(values):
    with tempfile.TemporaryFile() as file:
        on_disk = np.memmap(file, values.dtype, "w+", shape=values.shape)
    on_disk[...] = values
    return on_disk


def objects(values, make):
    return np.array([make(value) for value in values.ravel().tolist()] + [None], object)[:-1].reshape(values.shape)


def fraction(value):
    return value if isinstance(value, bool) else Fraction(value)


def pandas(values):
    import pandas as pd

    return pd.Series(values, index=range(7, 7 + len(values))) if values.ndim == 1 else pd.DataFrame(values)


def pandas_nullable(values):
    import pandas as pd

    return pd.Series(values).convert_dtypes() if values.ndim == 1 else pd.DataFrame(values).convert_dtypes()


def labelled(values):
    import xarray as xr

    return xr.DataArray(values)


GUISES = {
    "list": lambda x: lists(x, list),
    "tuple": lambda x: lists(x, tuple),
    "list of NumPy scalars": lambda x: lists(objects(x, x.dtype.type), list) if x.ndim == 1 else [*x],
    "list of rows": list,
    "list of arrays of no axes": lambda x: [np.asarray(inner) for inner in x],
    "array": np.array,
    "in Fortran's order": np.asfortranarray,
    "every other entry": strided,
    "backwards": lambda x: np.ascontiguousarray(x[::-1])[::-1],
    "read-only": locked,
    "of another byte order": lambda x: x.astype(x.dtype.newbyteorder(">" if x.dtype.itemsize > 1 else "=")),
    "broadcast": lambda x: np.broadcast_to(x, (2, *x.shape))[1],
    "unaligned": lambda x: np.frombuffer(b"\0" + x.tobytes(), x.dtype, offset=1).reshape(x.shape),
    "a subclass": lambda x: x.view(Subclass),
    "a matrix": lambda x: np.asmatrix(x) if x.ndim == 2 else None,
    "masked, without a mask": np.ma.array,
    "masked nowhere": lambda x: np.ma.array(x, mask=np.zeros(x.shape, bool)),
    "list of rows masked nowhere": lambda x: [np.ma.array(inner) for inner in x] if x.ndim > 1 else None,
    "mapped from a file": mapped,
    "objects": lambda x: objects(x, lambda value: value),
    "fractions": lambda x: objects(x, fraction) if x.dtype.kind == "f" else None,
    "what offers an array": Offered,
    "pandas": lambda x: pandas(x) if x.ndim < 3 else None,
    "pandas, nullable": lambda x: pandas_nullable(x) if x.ndim < 3 else None,
    "xarray": labelled,
    "Python's array": lambda x: (
        array.array("d" if x.dtype.kind == "f" else "q", x.tolist()) if x.ndim == 1 and x.dtype.kind in "if" else None
    ),
    "a view of memory": lambda x: memoryview(np.ascontiguousarray(x)) if x.dtype.kind in "if" else None,
    "extended precision": lambda x: x.astype(np.longdouble) if x.dtype.kind == "f" else None,
    "small integers": lambda x: x.astype(np.int16) if x.dtype.kind == "i" else None,
    "unsigned integers": lambda x: x.astype(np.uint64) if x.dtype.kind == "i" and (x >= 0).all() else None,
}
"""By name: from a plain array to the same numbers, or None where there is no such guise."""


def with_first(value):
    def made(x):
        found = objects(x, lambda inner: inner)
        found.flat[0] = value
        return found

    return made


def masked_first(x):
    mask = np.zeros(x.shape, bool)
    mask.flat[0] = True
    return np.ma.array(x, mask=mask)


BAD = {
    "masked": masked_first,
    "list of masked rows": lambda x: list(masked_first(x)),
    "tuple of lists with masked": lambda x: (*masked_first(x),),
    "strings": lambda x: x.astype(str),
    "strings as objects": lambda x: objects(x, str),
    "bytes": lambda x: x.astype("S"),
    "complex": lambda x: x.astype(complex),
    "dates": lambda x: np.zeros(x.shape, "M8[D]"),
    "durations": lambda x: np.zeros(x.shape, "m8[s]"),
    "decimals": lambda x: objects(x, lambda value: Decimal(repr(float(value)))),
    "nothing inside": with_first(None),
    "a string inside": with_first("1"),
    "an object inside": with_first(object()),
    "rows of unequal length": lambda x: [[1], [1, 2]],
    "a dictionary": lambda x: dict(enumerate(x.tolist())),
    "a set": lambda x: set(np.ravel(x).tolist()),
    "text": lambda x: "text",
    "another shape": lambda x: x[None],
}
"""By name: from a plain array to what must be refused wherever it is passed."""

SCALARS = {
    "float": float,
    "array of no axes": np.array,
    "float32": np.float32,
    "array of no axes, float32": lambda x: np.array(x, np.float32),
    "float16": np.float16,
    "extended precision": np.longdouble,
    "big-endian": lambda x: np.array(x, ">f8"),
    "object": lambda x: np.array(x, object),
    "fraction": Fraction,
    "masked nowhere": np.ma.array,
    "out of an array": lambda x: np.array([x])[0],
    "read-only": lambda x: locked(np.array(x)),
    "xarray": labelled,
}
"""By name: from a float to a scalar that is the same number."""
