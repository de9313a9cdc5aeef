"""Plain values: arrays of no axes become what they hold, and masked entries are refused."""

from __future__ import annotations

from typing import Any

__all__ = ["plain", "shown", "unmasked"]

_WIDEST = 200


def plain(name: str, value: Any) -> Any:
    """Return what an array of no axes holds, anything else as it is; raise ValueError if it is masked.

    Examples
    --------
    >>> import numpy as np
    >>> plain("x", np.array(1.5)), plain("x", "text")
    (1.5, 'text')
    """
    if getattr(value, "ndim", None) != 0 or not hasattr(value, "item"):
        return value
    unmasked(name, value)
    return value.item()


def shown(value: Any) -> str:
    """Return a value as messages show it: on one line, of bounded length.

    Examples
    --------
    >>> import numpy as np
    >>> shown(np.eye(2)), len(shown([0] * 1000)), shown(10**9999)
    ('array([[1., 0.], [0., 1.]])', 200, 'of type int')
    """
    try:
        text = repr(value)
    except Exception:  # an integer of very many digits has none, nor have some objects of somebody's own
        return f"of type {type(value).__name__}"
    if "\n" in text:
        text = " ".join(text.split())
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."


def unmasked(name: str, value: Any) -> None:
    """Refuse masked arrays with masked entries, also within lists.

    Raises
    ------
    ValueError
        Something is masked.

    Examples
    --------
    >>> import numpy as np
    >>> unmasked("x", [1.0, np.ma.masked])
    Traceback (most recent call last):
    ValueError: x has masked entries; every value must be there
    """
    if _has_masked(value, set()):
        raise ValueError(f"{name} has masked entries; every value must be there")


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
