"""Findings: what an experiment hands over, and the files and the words it becomes."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fastsoftq.report.style import save
from fastsoftq.studies.atomic import atomic_write

__all__ = ["Findings", "Table", "show", "write"]


class Table(NamedTuple):
    """What is printed: text, already rounded for reading."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""


@dataclass(frozen=True, eq=False)
class Findings:
    """What an experiment found.

    Attributes
    ----------
    title : str
        What was done, in a line.
    table : Table
        The numbers, to be read.
    sentences : sequence of str
        What they say.
    summary : sequence of mapping
        The numbers in full, a mapping of column to value for each row: `summary.csv`.
    arrays : mapping of str to ndarray
        The data behind the figures: `curves.npz`.
    figures : mapping of str to matplotlib.figure.Figure
        By file name: each becomes an SVG and a PNG.
    run : mapping
        What differs from one run to the next, as plain data: `run.json`.
    """

    title: str
    table: Table
    sentences: Sequence[str]
    summary: Sequence[Mapping[str, Any]]
    arrays: Mapping[str, NDArray[Any]]
    figures: Mapping[str, Figure]
    run: Mapping[str, Any]


def write(findings: Findings, folder: Path) -> list[Path]:
    """Write findings into a folder; each file appears whole or not at all.

    The same findings always make the same bytes, but for `run.json`.

    Parameters
    ----------
    findings : Findings
    folder : Path
        Exists.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    OSError
        The folder cannot be written, or the disk is full.
    """
    written = []
    for name, figure in findings.figures.items():
        for kind in ("svg", "png"):
            with atomic_write(folder / f"{name}.{kind}") as file:
                save(figure, file, kind)
            written.append(folder / f"{name}.{kind}")
    files = {
        "curves.npz": _npz(findings.arrays),
        "summary.csv": _csv(findings.summary),
        "run.json": (json.dumps(findings.run, indent=2) + "\n").encode(),
    }
    for name, contents in files.items():
        with atomic_write(folder / name) as file:
            file.write(contents)
        written.append(folder / name)
    return written


def show(findings: Findings) -> None:
    """Print the table and the sentences to standard output."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 160  # a pipe or a file has no width to keep to
    grid = RichTable(title=findings.title, caption=findings.table.caption, box=box.SIMPLE_HEAD, title_justify="left")
    grid.caption_justify = "left"
    for i, heading in enumerate(findings.table.header):
        grid.add_column(heading, justify="left" if i == 0 else "right", overflow="fold")
    for row in findings.table.rows:
        grid.add_row(*row)
    console.print(grid, markup=False)
    for sentence in findings.sentences:
        console.print(sentence, markup=False)


def _npz(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Arrays as `numpy.load` reads them, with no time of writing in the archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows as CSV; ten significant digits, since the last few are the rounding of sums."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({k: f"{v:.10g}" if isinstance(v, float) else v for k, v in row.items()})
    return text.getvalue().encode()
