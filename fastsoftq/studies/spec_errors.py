"""Errors in a study's data: which entry is wrong, the line where it stands, and the nearest name that is known."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["SpecError", "Where", "check_names", "dotted", "line_of", "located", "one_of", "table_of"]

Where = tuple[str | int, ...]


class SpecError(ValueError):
    """A study that is not as it should be.

    Attributes
    ----------
    at : tuple of str
        The path of the entry, such as ("agents", "soft", "step_size"); empty for the whole.
    """

    def __init__(self, message: str, at: Where = ()) -> None:
        super().__init__(message)
        self.at = at


def check_names(table: Mapping[str, Any], at: Where, known: Iterable[str], required: Iterable[str]) -> None:
    """Refuse entries of a table that are not known, and a table that lacks one that is required.

    Parameters
    ----------
    table : mapping
    at : Where
        Its path.
    known, required : iterable of str

    Raises
    ------
    SpecError

    Examples
    --------
    >>> check_names({"size": 5, "gaols": 1}, ("environments", "w"), ["size", "goals"], [])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    fastsoftq.studies.spec_errors.SpecError: environments.w.gaols is not known; did you mean 'goals'? It must be ...
    """
    known = list(known)
    for name in table:
        if name not in known:
            raise SpecError(f"{dotted((*at, name))} is not known; {one_of(known, name)}", (*at, name))
    for name in required:
        if name not in table:
            raise SpecError(f"{dotted((*at, name))} is missing", at)


def table_of(value: Any, at: Where) -> Mapping[str, Any]:
    """The value, if it is a table.

    Parameters
    ----------
    value : object
    at : Where
        Its path.

    Returns
    -------
    mapping

    Raises
    ------
    SpecError

    Examples
    --------
    >>> table_of({"size": 5}, ("environments", "goals"))
    {'size': 5}
    """
    if not isinstance(value, Mapping):
        raise SpecError(f"{dotted(at)} is {value!r}; it must be a table", at)
    return value


def located(error: Exception, at: Where, names: Iterable[str], prefix: str = "") -> SpecError:
    """The error of a constructor, whose message starts with the argument's name, as one of the entry of that name.

    Parameters
    ----------
    error : Exception
    at : Where
        The path of the table that the constructor was given.
    names : iterable of str
        The table's.
    prefix : str
        What stands before the argument's name in the message.

    Returns
    -------
    SpecError

    Examples
    --------
    >>> located(ValueError("size is 0; it must be at least 1"), ("environments", "goals"), ["size"]).at
    ('environments', 'goals', 'size')
    """
    message = str(error)
    argument = re.match(r"(\w+)(?:\[(\d+)\](?:\.(\w+))?)?", message.removeprefix(prefix))
    name = argument[1] if argument and argument[1] in names else None
    where = (*at, name) if name else at
    if argument and name == "conditions":
        where += tuple(int(part) if part.isdigit() else part for part in argument.groups()[1:] if part)
    subject = message.removeprefix(prefix)
    return SpecError(dotted((*at, subject)) if name else f"{dotted(at)}: {message}" if at else message, where)


def one_of(known: Iterable[str], wrong: Any = None) -> str:
    """Say what is known, the nearest first.

    Parameters
    ----------
    known : iterable of str
    wrong : object
        What was given instead.

    Returns
    -------
    str

    Examples
    --------
    >>> one_of(["hard", "soft"], "sotf")
    "did you mean 'soft'? It must be one of 'hard', 'soft'"
    """
    names = list(known)
    close = difflib.get_close_matches(str(wrong), names, 1)
    hint = f"did you mean {close[0]!r}? It" if close else "it"
    return f"{hint} must be one of {', '.join(map(repr, names))}"


def dotted(path: Where) -> str:
    """A path as TOML writes it.

    Parameters
    ----------
    path : Where

    Returns
    -------
    str

    Examples
    --------
    >>> dotted(("conditions", 0, "agent"))
    'conditions[0].agent'
    """
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def line_of(at: Where, text: str) -> int | None:
    r"""The number of the line where an entry stands, or else the table around it; None for the whole file.

    Parameters
    ----------
    at : Where
    text : str
        TOML.

    Returns
    -------
    int or None

    Examples
    --------
    >>> line_of(("agents", "soft", "kind"), "episodes = 5\n[agents.soft]\nkind = 1")
    3
    """
    found: dict[Where, int] = {}
    table: Where = ()
    lists: Counter[Where] = Counter()
    for number, line in enumerate(text.split("\n"), 1):  # as TOML has lines
        if header := re.match(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(#.*)?$", line):
            table = _path(header[2])
            if header[1] == "[[":
                lists[table] += 1
                table = (*table, lists[table] - 1)
            entry = table
        elif key := re.match(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""", line):
            entry = (*table, *_path(key[1]))
        else:
            continue
        for depth in range(1, len(entry) + 1):
            found.setdefault(entry[:depth], number)
    return next((found[at[:depth]] for depth in range(len(at), 0, -1) if at[:depth] in found), None)


def _path(dotted: str) -> Where:
    parts = re.findall(r"""[\w-]+|"[^"]*"|'[^']*'""", dotted)
    return tuple(part.strip("\"'") for part in parts)
