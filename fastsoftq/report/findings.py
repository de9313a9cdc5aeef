"""Findings: what an experiment found, and the files they are written to."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.deep.learner import Deep
from fastsoftq.figures.colours import agent_colour
from fastsoftq.report.rounding import plain_text
from fastsoftq.system.atomic import atomic_write
from fastsoftq.system.html import html_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Findings", "Table", "described", "settings_of", "write"]


class Table(NamedTuple):
    """A table of text, already rounded for reading."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    title: str = ""
    footnotes: Sequence[str] = ()
    prose: bool = False  # words rather than numbers, to be broken into lines
    sortable: bool = False  # many rows: a search box, the first ones shown until asked for all
    filters: Sequence[str] = ()  # the columns to choose rows by

    def _repr_html_(self) -> str:
        return html_table(self.title, self.rows, self.header, "\n".join(filter(None, (self.caption, *self.footnotes))))


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
    arrays : mapping of str to ndarray, or to a callable that gives one
        The data behind the figures: `curves.npz`. Callables are called one after the other as they are written, so that
        not all arrays need be in memory at once.
    figures : mapping of str to matplotlib.figure.Figure
        By file name: each becomes an SVG and a PNG.
    run : mapping
        What differs from one run to the next, as plain data: `run.json`.
    agents : mapping of str to (str, NamedTuple)
        What learned, and what to call it, for each name that `arrays` has learning curves of: `NAME_returns`,
        `NAME_lengths` and `NAME_truncated` of shape [seeds, episodes], or of deep agents [seeds, points], with `steps`
        (or `NAME_steps`) of shape [points], and `NAME_steps_taken` of shape [seeds] where some diverged; where known,
        `NAME_returns_exact` and `NAME_lengths_exact` of shape [episodes] or [points]; and for all of them `seeds` and,
        where known, `returns_bounds` and `lengths_bounds`, the lowest and the highest that an episode can have.
    """

    title: str
    table: Table
    sentences: Sequence[str]
    summary: Sequence[Mapping[str, Any]]
    arrays: Mapping[str, NDArray[Any] | Callable[[], NDArray[Any]]]
    figures: Mapping[str, Figure]
    run: Mapping[str, Any] = field(default_factory=dict)
    agents: Mapping[str, tuple[str, Any]] = field(default_factory=dict)

    def _repr_html_(self) -> str:
        sentences = "".join(f"<p>{escape(sentence)}</p>" for sentence in self.sentences)
        return self.table._replace(title=self.title)._repr_html_() + sentences


def write(findings: Findings, folder: Path, experiment: str = "", heading: str = "") -> list[Path]:
    """Write findings into a folder; each file appears whole or not at all.

    The same findings always make the same bytes, but for `run.json`.

    Parameters
    ----------
    findings : Findings
    folder : Path
        Exists.
    experiment, heading : str
        Its name, and what it is in a line, for the report.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    OSError
        The folder cannot be written, or the disk is full.

    Examples
    --------
    >>> import tempfile
    >>> table = Table(("agent", "return"), [("soft", "-12.0")])
    >>> found = Findings("Title", table, ["Soft arrives."], [{"return": -12.0}], {}, {}, run={"seeds": 1})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write(found, Path(folder))]
    ['curves.npz', 'summary.csv', 'findings.json', 'run.json']
    """
    from fastsoftq.figures.style import save

    written = []
    for name, figure in findings.figures.items():
        for kind in ("svg", "png"):
            picture = io.BytesIO()
            save(figure, picture, kind)
            atomic_write(folder / f"{name}.{kind}", picture.getvalue())
            written.append(folder / f"{name}.{kind}")
    files = {
        "curves.npz": _npz(findings.arrays),
        "summary.csv": _csv(findings.summary),
        "findings.json": (json.dumps(_words(findings, experiment, heading), indent=2) + "\n").encode(),
        "run.json": (json.dumps(findings.run, indent=2) + "\n").encode(),
    }
    for name, contents in files.items():
        atomic_write(folder / name, contents)
        written.append(folder / name)
    return written


def _words(findings: Findings, experiment: str, heading: str) -> dict[str, Any]:
    """The words of `findings.json`."""
    return {
        "experiment": experiment,
        "heading": heading or findings.title,
        "title": findings.title,
        "sentences": list(findings.sentences),
        "table": {name: getattr(findings.table, name) for name in ("header", "rows", "caption")},
        "figures": {key: described(figure) or key for key, figure in findings.figures.items()},
        "agents": {
            key: {"label": label, "colour": agent_colour(agent), "settings": settings_of(agent)}
            for key, (label, agent) in findings.agents.items()
        },
    }


def described(figure: Figure) -> str:
    """Describe a figure in words: its title, and the title and the axes of each panel.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Returns
    -------
    str

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> figure = Figure()
    >>> _ = figure.subplots().set(title="Soft", xlabel="episode", ylabel="return")
    >>> described(figure)
    'Soft: return against episode.'
    """
    panels = []
    for ax in figure.axes:
        drawn = " against ".join(label for label in (ax.get_ylabel(), ax.get_xlabel()) if label)
        title = ax.get_title() or ax.get_title("left") or ax.get_title("right")
        panels.append(": ".join(text for text in (title, drawn) if text))
    texts = [text.rstrip(".") for text in (figure.get_suptitle(), *dict.fromkeys(panels)) if text]
    return ". ".join(texts) + "." if texts else ""


def settings_of(agent: Any) -> dict[str, str | float]:
    """List an agent's hyperparameters by name, after its algorithm; schedules as labels write them.

    Parameters
    ----------
    agent : NamedTuple

    Returns
    -------
    dict

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> settings_of(fsq.QLearning(0.8, 0.95, epsilon=fsq.LinearDecay(0.9, 0.1, 0.001)))["epsilon"]
    '0.9 → 0.1 (decrease 0.001)'
    """
    parts = agent._asdict()
    if isinstance(agent, Deep):
        parts = {**settings_of(parts.pop("agent")), **parts}
        return {**parts, **{name: _part(value) for name, value in agent._asdict().items() if name != "agent"}}
    return {"algorithm": type(agent).__name__, **{key: _plain(value) for key, value in parts.items()}}


def _part(value: Any) -> str | float:
    """A part of a deep agent: its kind and what it is made of, in words."""
    if not hasattr(value, "_asdict"):
        return _plain(value)
    inside = "; ".join(f"{name.replace('_', ' ')} {plain_text(part)}" for name, part in value._asdict().items())
    return f"{type(value).__name__}{f': {inside}' if inside else ''}"


def _plain(value: Any) -> str | float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else plain_text(value)


def _npz(arrays: Mapping[str, NDArray[Any] | Callable[[], NDArray[Any]]]) -> bytes:
    """Arrays as `numpy.load` reads them, with no time of writing in the archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as member:
                values = array() if callable(array) else array
                np.lib.format.write_array(member, np.ascontiguousarray(values), allow_pickle=False)
    return buffer.getvalue()


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows as CSV; ten significant digits, since the last few are the rounding of sums."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({k: f"{v:.10g}" if isinstance(v, float) else v for k, v in row.items()})
    return text.getvalue().encode()
