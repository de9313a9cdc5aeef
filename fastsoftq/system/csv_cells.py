"""Cells of CSV files: text that a spreadsheet would calculate, or run, is kept from being a formula."""

from __future__ import annotations

__all__ = ["plain_cell"]

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")  # what they begin with, to one spreadsheet or another


def plain_cell(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula.

    A name such as "=cmd|' /C calc'!A0" asks some spreadsheets to start a program, whether it is quoted or not.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        As it was where it is a number, or begins with anything else.

    Examples
    --------
    >>> plain_cell("=1+1"), plain_cell("-0.5"), plain_cell("soft, k = 10")
    ("'=1+1", '-0.5', 'soft, k = 10')
    """
    if not text.startswith(_FORMULAS):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text
