"""HTML for notebooks: small tables, with everything in them escaped. Imports nothing of ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from html import escape
from numbers import Integral, Real
from typing import Any

__all__ = ["NotebookTable", "fields_html", "html_table", "value_text"]

_ROWS = 60  # that are shown


def value_text(value: Any) -> str:
    """Write a value in a cell of a table: numbers to six digits, arrays by dtype and shape, records by class.

    Parameters
    ----------
    value : object

    Returns
    -------
    str

    Examples
    --------
    >>> value_text(-12.00034567), value_text(1000), value_text(True), value_text("soft")
    ('−12.0003', '1,000', 'True', 'soft')
    """
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, str | bool):
        return str(value)
    shape = getattr(value, "shape", None)
    if shape:
        return f"{value.dtype} {list(shape)}"
    if isinstance(value, Integral):
        return f"{int(value):,}".replace("-", "\N{MINUS SIGN}")
    if isinstance(value, Real) and not isinstance(value, Integral):
        number = float(value)
        text = f"{number:,.6g}" if abs(number) < 1e6 else f"{number:.6g}"
        return text.replace("-", "\N{MINUS SIGN}").replace("inf", "\N{INFINITY}")
    return type(value).__name__ if is_dataclass(value) else str(value)


def html_table(title: str, rows: Iterable[Sequence[Any]], header: Sequence[str] = (), note: str = "") -> str:
    """Make a table of rows, for a `_repr_html_`.

    Parameters
    ----------
    title : str
    rows : iterable of sequence
        Of values or text; the first entry of a row is its heading. After 60 rows the others are counted.
    header : sequence of str
        Of the columns; none if empty.
    note : str
        Below the table; its line breaks are kept.

    Returns
    -------
    str
        HTML, in which everything that was given is escaped.

    Examples
    --------
    >>> html_table("a < b", [("low", -1)])
    '<table><caption>a &lt; b</caption><tbody><tr><th>low</th><td>−1</td></tr></tbody></table>'
    """
    every = [[escape(value_text(value)) for value in row] for row in rows]
    lines = ["".join(f"<td>{text}</td>" if i else f"<th>{text}</th>" for i, text in enumerate(row)) for row in every]
    if len(lines) > _ROWS:
        lines[_ROWS:] = [f"<th>and {len(lines) - _ROWS:,} more</th>"]
    head = "".join(f"<th>{escape(text)}</th>" for text in header)
    above = f"<thead><tr>{head}</tr></thead>" if header else ""
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    below = f'<pre style="line-height: 1.25">{escape(note)}</pre>' if note else ""
    return f"<table><caption>{escape(title)}</caption>{above}<tbody>{body}</tbody></table>{below}"


def fields_html(record: Any, title: str = "", note: str = "") -> str:
    """Make a table of the fields of a dataclass, a named tuple or a mapping, for a `_repr_html_`.

    Parameters
    ----------
    record : object
    title : str
        The name of its class if empty.
    note : str
        As for `html_table`.

    Returns
    -------
    str

    Examples
    --------
    >>> fields_html({"low": -1, "high": 2}, "ends")[:46]
    '<table><caption>ends</caption><tbody><tr><th>l'
    """
    if isinstance(record, Mapping):
        rows = [(name.replace("_", " "), value) for name, value in record.items()]
    else:
        names = [field.name for field in fields(record)] if is_dataclass(record) else record._fields
        rows = [(name.replace("_", " "), getattr(record, name)) for name in names]
    shown = [(name, value) for name, value in rows if not (isinstance(value, str) and not value)]
    return html_table(title or type(record).__name__, shown, note=note)


class NotebookTable:
    """A record that a notebook shows as a table of its fields.

    Examples
    --------
    >>> from collections import namedtuple
    >>> class Ends(NotebookTable, namedtuple("Ends", "low high")): ...
    >>> Ends(-1.0, 2.0)._repr_html_()[:45]
    '<table><caption>Ends</caption><tbody><tr><th>'
    """

    __slots__ = ()

    def _repr_html_(self) -> str:
        return fields_html(self)
