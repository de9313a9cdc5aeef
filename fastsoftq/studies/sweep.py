"""Sweeps: a list among parameters stands for each of its values in turn; several lists make their product."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

__all__ = ["swept"]


def swept(parameters: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Expand lists into their product.

    A list within a table is swept too. A value that is itself a list is written as a list of lists.

    Parameters
    ----------
    parameters : mapping
        Plain data, as TOML yields it.

    Returns
    -------
    list of (str, dict)
        A label that names the swept values only ("" without any), and the parameters without lists. The last list
        varies fastest.

    Raises
    ------
    ValueError
        An empty list, or a value that a list repeats.

    Examples
    --------
    >>> for label, parameters in swept({"kind": "soft_q_learning", "reward_scale": [1, 10]}):
    ...     print(label, parameters)
    reward_scale=1 {'kind': 'soft_q_learning', 'reward_scale': 1}
    reward_scale=10 {'kind': 'soft_q_learning', 'reward_scale': 10}
    """
    paths, lists = [], []
    for path, values in _lists(parameters, ()):
        name = ".".join(path)
        if not values:
            raise ValueError(f"{name} is []; a list is swept, so it must hold at least one value")
        labels = [_label(value) for value in values]
        if len(set(labels)) < len(labels):
            raise ValueError(f"{name} is [{', '.join(labels)}]; a list is swept, so no value may repeat")
        paths.append(path)
        lists.append(values)
    variants = []
    for choice in product(*lists):
        variant = _copied(parameters)
        for path, value in zip(paths, choice, strict=True):
            _put(variant, path, value)
        label = ",".join(f"{'.'.join(path)}={_label(value)}" for path, value in zip(paths, choice, strict=True))
        variants.append((label, variant))
    return variants


def _lists(parameters: Mapping[str, Any], above: tuple[str, ...]) -> list[tuple[tuple[str, ...], list[Any]]]:
    found = []
    for name, value in parameters.items():
        if isinstance(value, list):
            found.append(((*above, name), value))
        elif isinstance(value, Mapping):
            found.extend(_lists(value, (*above, name)))
    return found


def _copied(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _copied(value) if isinstance(value, Mapping) else value for name, value in parameters.items()}


def _put(parameters: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *tables, last = path
    for table in tables:
        parameters = parameters[table]
    parameters[last] = value


def _label(value: Any) -> str:
    if isinstance(value, Mapping):
        return "(" + " ".join(f"{name}={_label(inner)}" for name, inner in value.items()) + ")"
    if isinstance(value, list):
        return "(" + " ".join(map(_label, value)) + ")"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).replace("/", "|")
