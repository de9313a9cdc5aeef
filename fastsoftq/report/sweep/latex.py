"""The main tables of a report as LaTeX, with booktabs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from fastsoftq.report.findings import Table
from fastsoftq.report.outline import Section

__all__ = ["LATEX_BEGINS", "latex_table", "latex_tables"]

#: The first line of what is written.
LATEX_BEGINS = "% Needs \\usepackage{booktabs,longtable}\n"

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau",
    "φ": "varphi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip
_SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": "$<$", ">": "$>$", "|": r"\textbar{}", "`": r"\textasciigrave{}", '"': "''",
    **{letter: rf"$\{name}$" for letter, name in _GREEK.items()},
    "≤": r"$\le$", "≥": r"$\ge$", "×": r"$\times$", "→": r"$\to$", "∞": r"$\infty$", "±": r"$\pm$",
    "\N{MINUS SIGN}": "$-$", "\N{EN DASH}": "--", "\N{NO-BREAK SPACE}": "~", "’": "'", "…": r"\dots{}",
    "\N{DAGGER}": r"\textsuperscript{\dag}", "\N{DOUBLE DAGGER}": r"\textsuperscript{\ddag}",
}  # fmt: skip


def latex_tables(sections: Sequence[Section]) -> str:
    r"""Write the main table of each world of each section.

    Parameters
    ----------
    sections : sequence of Section

    Returns
    -------
    str
        LaTeX that needs the packages booktabs and longtable.

    Examples
    --------
    >>> latex_tables([])
    '% Needs \\usepackage{booktabs,longtable}\n'
    """
    text = LATEX_BEGINS
    for section in sections:
        for part in section.parts:
            if part.comparisons is not None:
                title = ": ".join(filter(None, (section.heading, part.title, part.comparisons.title)))
                text += "\n" + latex_table(part.comparisons, title)
        if section.table is not None:
            text += "\n" + latex_table(section.table, section.heading)
    return text


def latex_table(table: Table, title: str = "") -> str:
    r"""Write a table.

    Parameters
    ----------
    table : Table
    title : str
        Its own if empty.

    Returns
    -------
    str

    Examples
    --------
    >>> print(latex_table(Table(["agent", "return"], [["soft, α = 0.5", "−12.0 [−12.5, −11.5]"]], title="All")))
    \begin{longtable}{lr}
    \caption{All} \\
    \toprule
    agent & return \\
    \midrule
    \endhead
    soft, $\alpha$ = 0.5 & $-12.0$ [$-12.5$, $-11.5$] \\
    \bottomrule
    \end{longtable}
    <BLANKLINE>
    """
    words = [i for i in range(len(table.header)) if i == 0 or not all(_is_number(row[i]) for row in table.rows)]
    columns = "".join("l" if i in words else "r" for i in range(len(table.header)))
    lines = [f"\\begin{{longtable}}{{{columns}}}", f"\\caption{{{escaped(title or table.title)}}} \\\\", "\\toprule"]
    lines += [_row(table.header), "\\midrule", "\\endhead", *map(_row, table.rows), "\\bottomrule", "\\end{longtable}"]
    notes = [escaped(note) for note in (table.caption, *table.footnotes) if note]
    return "\n".join(lines) + "\n" + "".join(f"\\par\\noindent\\footnotesize {note}\n" for note in notes)


def escaped(text: str) -> str:
    r"""Write text so that LaTeX shows it as it is; negative numbers in mathematics.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> escaped("5% of −1,234.5, k_1")
    '5\\% of $-1{,}234.5$, k\\_1'
    """
    parts = re.split("(\N{MINUS SIGN}\\d+(?:,\\d{3})*(?:\\.\\d+)?)", text)
    return "".join(_negative(part) if i % 2 else _plain(part) for i, part in enumerate(parts))


def _negative(number: str) -> str:
    return "$" + number.replace("\N{MINUS SIGN}", "-").replace(",", "{,}") + "$"


def _plain(text: str) -> str:
    """Letters as they are: what TeX makes one letter of stays apart, and what does not print is a space."""
    words = "".join(letter if _prints(letter) else " " for letter in text)
    return re.sub(r"([-,'])(?=\1)", r"\1{}", "".join(_SPECIAL.get(letter, letter) for letter in words))


def _prints(letter: str) -> bool:
    """Whether it is no control character, as a line end, and none that turns the direction of text."""
    return unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _row(cells: Sequence[str]) -> str:
    first, *others = map(escaped, cells)
    guard = "{}" if first.startswith(("[", "*")) else ""  # else it would belong to the end of the row before
    return " & ".join((guard + first, *others)) + " \\\\"


def _is_number(text: str) -> bool:
    return not text or text[0].isdigit() or text[0] in "\N{MINUS SIGN}\N{EN DASH}"
