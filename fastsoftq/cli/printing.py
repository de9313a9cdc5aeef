"""Tables on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastsoftq.report.findings import Findings

__all__ = ["show"]


def show(findings: Findings) -> None:
    """Print the table and the sentences of an experiment's findings to standard output."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 160  # a pipe or a file has no width to keep to
    grid = Table(title=findings.title, caption=findings.table.caption, box=box.SIMPLE_HEAD, title_justify="left")
    grid.caption_justify = "left"
    for i, heading in enumerate(findings.table.header):
        grid.add_column(heading, justify="left" if i == 0 else "right", overflow="fold")
    for row in findings.table.rows:
        grid.add_row(*row)
    console.print(grid, markup=False)
    for sentence in findings.sentences:
        console.print(sentence, markup=False)
