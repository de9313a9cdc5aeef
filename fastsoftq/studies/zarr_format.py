"""Chunks and metadata as Zarr version 3 stores them, so that any reader of Zarr can open the results.

Every chunk ends in its CRC-32C, one of Zarr's own codecs: a reader that meets a flipped bit raises, whoever it is.
Blosc with LZ4 is the codec because it keeps up with the engine: 2 to 6 GB/s where Zstandard does 0.4 to 3, for 0.8 of
its compression (hard curves 4 times smaller, soft ones 30 times).
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DamagedError", "array_metadata", "decoded", "encoded", "encoded_plain", "group_metadata"]

_CHECKSUM = struct.Struct("<I")
_TYPES: dict[str, tuple[str, Any]] = {  # Zarr's name and the fill value, by NumPy's
    "<f8": ("float64", "NaN"),
    "<i4": ("int32", 0),
    "<i8": ("int64", 0),
    "<u8": ("uint64", 0),
    "|b1": ("bool", False),
    "str": ("string", ""),
}


class DamagedError(ValueError):
    """Bytes that are not what was written."""


def encoded(rows: NDArray[Any], dtype: str, chunk: Sequence[int]) -> bytes:
    """Encode an array as one chunk, which it fills from the first corner on; what is left holds the fill value.

    Parameters
    ----------
    rows : ndarray, of as many dimensions as `chunk` and at most as large
    dtype : str
    chunk : sequence of int
        The shape of a whole chunk.

    Returns
    -------
    bytes
    """
    whole = np.ascontiguousarray(rows, dtype)
    if whole.shape != tuple(chunk):
        fill = _TYPES[dtype][1]
        whole = np.full(chunk, float(fill) if isinstance(fill, str) else fill, dtype)
        whole[tuple(slice(n) for n in rows.shape)] = rows
    return _checked(_codec().encode(whole))


def decoded(data: bytes, dtype: str, chunk: Sequence[int]) -> NDArray[Any]:
    """Decode what `encoded` gave.

    Raises
    ------
    DamagedError
        Any bit of it has changed, or it is not a chunk of that shape.
    """
    import google_crc32c

    body, checksum = data[: -_CHECKSUM.size], data[-_CHECKSUM.size :]
    if len(data) <= _CHECKSUM.size or _CHECKSUM.pack(google_crc32c.value(body)) != checksum:
        raise DamagedError("its checksum does not hold")
    values = np.frombuffer(_codec().decode(body), dtype)
    if values.size != math.prod(chunk):
        raise DamagedError(f"it holds {values.size} values, not {math.prod(chunk)}")
    return values.reshape(chunk)


def encoded_plain(values: NDArray[Any]) -> bytes:
    """Encode a whole array, of numbers or strings, as one chunk without compression: the same bytes always."""
    if values.dtype.kind in "biuf":
        return _checked(values.tobytes())
    texts = [str(text).encode() for text in values]
    return _checked(struct.pack("<I", len(texts)) + b"".join(struct.pack("<I", len(text)) + text for text in texts))


def array_metadata(
    shape: Sequence[int],
    chunk: Sequence[int],
    dtype: str,
    dimensions: Sequence[str],
    attributes: Mapping[str, Any],
    *,
    plain: bool = False,
) -> dict[str, Any]:
    """The `zarr.json` of an array, as `encoded` writes it or, `plain`, `encoded_plain`; `dtype` is NumPy's or "str"."""
    name, fill = _TYPES[dtype]
    codecs: list[dict[str, Any]] = [{"name": "bytes", "configuration": {"endian": "little"}}]
    if dtype == "str":
        codecs = [{"name": "vlen-utf8", "configuration": {}}]
    if not plain:
        size = np.dtype(dtype).itemsize
        blosc = {"cname": "lz4", "clevel": 5, "shuffle": "shuffle", "typesize": size, "blocksize": 0}
        codecs.append({"name": "blosc", "configuration": blosc})
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(shape),
        "data_type": name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunk)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": fill,
        "codecs": [*codecs, {"name": "crc32c"}],
        "dimension_names": list(dimensions),
        "attributes": dict(attributes),
        "storage_transformers": [],
    }


def group_metadata(attributes: Mapping[str, Any], arrays: Mapping[str, Mapping[str, Any]]) -> bytes:
    """The `zarr.json` of a group, with that of all its arrays for readers that want it at once."""
    consolidated = {"kind": "inline", "must_understand": False, "metadata": arrays}
    group = {"zarr_format": 3, "node_type": "group", "attributes": attributes, "consolidated_metadata": consolidated}
    return json.dumps(group, indent=1, sort_keys=True).encode()


def _codec() -> Any:
    from numcodecs import Blosc

    return Blosc(cname="lz4", clevel=5, shuffle=Blosc.SHUFFLE)


def _checked(body: bytes) -> bytes:
    import google_crc32c

    return body + _CHECKSUM.pack(google_crc32c.value(body))
