"""A CSV file as rows that fit its header; one that does not is refused by its line and column."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

__all__ = ["rows_of"]


def rows_of(path: Path, needed: Sequence[str], allowed: Mapping[str, str]) -> Iterator[tuple[int, dict[str, str]]]:
    r"""Read a CSV file (RFC 4180) in UTF-8, row by row.

    Parameters
    ----------
    path : Path
        Its first line names the columns, each once, in any order. A byte-order mark, blank lines, and blanks around
        fields are ignored.
    needed : sequence of str
        Columns that must be there.
    allowed : mapping of str to str
        What messages say that each column must hold, optional ones included; "there" for any other.

    Yields
    ------
    (int, dict of str to str)
        The line that a row ends on, and its fields by the names of their columns.

    Raises
    ------
    ValueError
        A column that is missing, has no name or is there twice; a row with more or fewer fields than columns; quotes
        that do not close; another encoding; an invalid path.
    OSError
        The file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
    ...     _ = file.write("state,action\n0, 1\n")
    ...     file.flush()
    ...     list(rows_of(Path(file.name), ["state", "action"], {}))
    [(2, {'state': '0', 'action': '1'})]
    """
    with _opened(path) as file:
        last = deque([""], maxlen=1)
        reader = csv.reader(_noted(file, last), skipinitialspace=True, strict=True)
        try:
            names = [name.strip() for name in next(reader, [])]
            _check_columns(f"{path}, line 1", names, needed, [name for name in allowed if name not in needed])
            for row in reader:
                if not last[0].strip():  # one that ends a quoted field holds the quote
                    continue
                _check_fields(f"{path}, line {reader.line_num}", row, names, allowed)
                yield reader.line_num, dict(zip(names, map(str.strip, row), strict=True))
        except csv.Error as error:
            raise ValueError(f"{path}, line {reader.line_num}: {error}") from None
        except UnicodeDecodeError:
            raise ValueError(f"{path}, after line {reader.line_num}: not text in UTF-8") from None


def _opened(path: Path) -> TextIO:
    try:
        return path.open(newline="", encoding="utf-8-sig")
    except ValueError as error:  # invalid characters
        raise ValueError(f"path is {str(path)!r}; no file can be called that: {error}") from None


def _noted(lines: Iterable[str], last: deque[str]) -> Iterator[str]:
    """The same lines, with the last one kept: rows do not tell an empty field from no field."""
    for line in lines:
        last.append(line)
        yield line


def _check_columns(where: str, names: Sequence[str], needed: Sequence[str], others: Sequence[str]) -> None:
    missing = [name for name in needed if name not in names]
    if missing:
        raise ValueError(
            f"{where}: no column {', '.join(map(repr, missing))}; columns must be {', '.join(needed)} and, "
            f"if known, {', '.join(others)}"
        )
    for column, name in enumerate(names, 1):
        if not name:
            raise ValueError(f"{where}: column {column} has no name")
        if name in names[: column - 1]:
            first = names.index(name) + 1
            raise ValueError(f"{where}: column {column} is {name!r}, as column {first}; each must be there once")


def _check_fields(where: str, row: Sequence[str], names: Sequence[str], allowed: Mapping[str, str]) -> None:
    n = len(names)
    if len(row) > n:
        extra = f"column {n + 1} holds {row[n]!r}, and line 1 gives it no name"
        raise ValueError(f"{where}: {extra}; it must have {n} fields, and has {len(row)}")
    if len(row) < n:
        name = names[len(row)]
        must = allowed.get(name, "there")
        raise ValueError(f"{where}: {name} is None; it must be {must}, in column {len(row) + 1} of {n}")
