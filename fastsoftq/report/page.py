"""The report of result folders: one file of HTML that opens from disk and needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fastsoftq.figures.colours import on_dark
from fastsoftq.report.contents import headings, listed, said_once, slug
from fastsoftq.report.decision import ErrorRate
from fastsoftq.report.drawing import Drawing
from fastsoftq.report.folder import FolderContents, Picture
from fastsoftq.report.outline import Section
from fastsoftq.report.reader import read_results
from fastsoftq.report.sections import error_rate, section
from fastsoftq.report.sweep.latex import LATEX_BEGINS, latex_tables
from fastsoftq.report.sweep.measured import Watch
from fastsoftq.report.sweep.sweep_notebook import notebook_text
from fastsoftq.report.sweep.swept_study import Asked
from fastsoftq.report.two_folders import comparison_section, matched_folders
from fastsoftq.system.atomic import atomic_write

__all__ = ["page_text", "write_report"]


def write_report(
    directory: str | Path,
    other: str | Path | None = None,
    out: str | Path | None = None,
    agents: Iterable[type] = (),
    *,
    measures: Sequence[str] = (),
    against: str | None = None,
    latex: str | Path | None = None,
    notebook: bool = False,
    watch: Watch | None = None,
) -> Path:
    """Write a report of the results in a folder, or of the results in two folders, compared.

    The same folders always make the same bytes.

    Parameters
    ----------
    directory : str or Path
        Results of `reproduce` or of `run`; folders in it that hold results become sections.
    other : str or Path, optional
        Results to compare with those; differences come first.
    out : str or Path, optional
        The file; `report.html` in `directory` if not given, `comparison.html` where there are two.
    agents : iterable of type
        Agents of your own, as for `open_results`.
    measures : sequence of str
        By which conditions of studies are compared, the main one first, such as "last:100"; as each study says if there
        are none.
    against : str, optional
        What conditions are compared with: an agent, an algorithm or a condition; as each study says if not given.
    latex : str or Path, optional
        A file for the main tables as LaTeX, with booktabs.
    notebook : bool
        Write a notebook beside the report, of the same name, that finds its numbers again.
    watch : callable, optional
        Told, while the conditions of a sweep are read, how many are and of how many.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        A folder that does not exist, or holds no results; no such measure, or nothing that is called so to compare
        with; no sweep to write a notebook of; a file to write over that is none of a report's.
    OSError
        The file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import fastsoftq as fsq
    >>> from fastsoftq.studies import Study, run
    >>> agents = {"hard": fsq.QLearning(0.8, 0.95), "soft": fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0)}
    >>> world = {"cliff": fsq.cliff_walking()}
    >>> study = Study(name="small", episodes=5, seeds=8, max_steps=50, environments=world, agents=agents)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = run(study, folder)
    ...     write_report(folder).name
    'report.html'
    """
    if against is not None and not against.strip():
        raise ValueError(f"against is {against!r}; it must name an agent, an algorithm or a condition")
    agents, asked = list(agents), Asked(tuple(measures), against)
    path = Path(out) if out is not None else Path(directory) / ("report.html" if other is None else "comparison.html")
    _check_targets(path, latex, notebook)
    ours = read_results(directory, agents, asked)
    if other is None:
        rate = sum(map(error_rate, ours), ErrorRate(0, 0))
        notebooks = _notebooks(ours, rate, path) if notebook else {}
        sections = [section(contents, rate, watch) for contents in ours]
        page = page_text("Hard or soft?", sections, rate)
    else:
        if notebook:
            raise ValueError("notebook is True; a notebook is written of one folder, and not of two compared")
        if asked.measures or asked.against is not None:
            name = "measures" if asked.measures else "against"
            raise ValueError(
                f"{name} is {getattr(asked, name)!r}; two folders are compared by return, each with itself"
            )
        notebooks, theirs = {}, read_results(other, agents, asked)
        names = _names(Path(directory), Path(other))
        both = matched_folders(ours, theirs, names)
        differing = sum(len(each.different) for each in both)
        rate = ErrorRate(2 * differing, differing)
        sections = [comparison_section(each, names, rate, watch) for each in both]
        page = page_text(f"{names[0]} against {names[1]}", sections, rate)
    if latex is not None:
        atomic_write(Path(latex), latex_tables(sections).encode())
    for file, text in notebooks.items():
        atomic_write(file, text.encode())
    atomic_write(path, page.encode(errors="backslashreplace"))  # a folder's name may hold what is no text
    return path


def _check_targets(page: Path, latex: str | Path | None, notebook: bool) -> None:
    """Refuse files that would take each other's place, or that of something else: results lie in the same folder."""
    if notebook and page.suffix == ".ipynb":
        raise ValueError(f"out is '{page}'; that is where the notebook goes, and it must be another file")
    _check_beginning("out", page, b"<!doctype html>", "report")
    if latex is not None:
        table = Path(latex)
        if table.resolve() == page.resolve() or (notebook and table.suffix == ".ipynb"):
            raise ValueError(f"latex is '{table}'; that is where the report or its notebook goes; it must be another")
        _check_beginning("latex", table, LATEX_BEGINS.encode(), "LaTeX of a report")


def _check_beginning(name: str, file: Path, expected: bytes, what: str) -> None:
    if file.is_file():
        with file.open("rb") as there:
            begins = there.read(len(expected))
        if begins and begins.lower() != expected.lower():
            raise ValueError(f"{name} is '{file}'; what is there is no {what}, and is not written over")


def _names(one: Path, other: Path) -> tuple[str, str]:
    """Name two folders by the last parts of their paths, or by the whole paths where those are the same."""
    names = one.resolve().name, other.resolve().name
    return names if names[0] != names[1] else (str(one), str(other))


def _notebooks(contents: Sequence[FolderContents], rate: ErrorRate, path: Path) -> dict[Path, str]:
    """The notebooks of a page, beside it: one of its name, or one for each of several sweeps."""
    sweeps = [each for each in contents if each.sweep is not None]
    if not sweeps:
        raise ValueError("notebook is True; a notebook is written of a sweep, and there is none in this folder")
    if len(sweeps) == 1:
        return {path.with_suffix(".ipynb"): notebook_text(sweeps[0], rate)}
    return {path.with_name(f"{path.stem}-{slug(each.name)}.ipynb"): notebook_text(each, rate) for each in sweeps}


def page_text(title: str, sections: Sequence[Section], rate: ErrorRate, answers: int | None = None) -> str:
    """Write a page of some sections.

    Parameters
    ----------
    title : str
    sections : sequence of Section
    rate : ErrorRate
        How seldom it says anything wrong.
    answers : int, optional
        How many sections the page opens with the answers of; all if not given.

    Returns
    -------
    str
        HTML that needs nothing else. No paragraph, caption or answer is there twice.

    Examples
    --------
    >>> page = page_text("Hard or soft?", [Section("cliff", "A cliff", ["Soft is ahead."])], ErrorRate(0, 0))
    >>> page.count("Soft is ahead.")
    1
    """
    environment = Environment(
        loader=PackageLoader("fastsoftq.report", "template"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "raw": Markup,
        "data_url": _data_url,
        "image_url": _image_url,
        "slug": slug,
        "unbroken": lambda text: text.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"),
        "sentence": lambda text: text[:1].upper() + text[1:],
    }
    new = said_once()
    environment.globals |= {"new": new}
    environment.tests |= {"new": new}
    entries = headings(sections)
    names = sorted({name for s in sections for d in _drawings(s) for name in _COLOUR.findall(d.svg)})
    return environment.get_template("report.html").render(
        title=title,
        confidence=rate.words() if rate.conditions else "",
        sections=sections,
        answering=sections[:answers],
        entries=entries,
        listed=listed(entries, sections),
        colours={name: (f"#{name[2:]}", on_dark(f"#{name[2:]}")) for name in names},
    )


_COLOUR = re.compile(r"var\(--(c-[0-9a-f]{6})\)")


def _drawings(section: Section) -> Iterator[Drawing]:
    """All charts of a section."""
    pictures = [section.picture, *(part.picture for part in section.parts)]
    yield from (picture for picture in pictures if picture is not None)
    yield from (drawing for part in section.parts for group in part.groups for drawing in group.drawings)


def _data_url(text: str | bytes) -> str:
    """A link that is the CSV file itself."""
    return f"data:text/csv;charset=utf-8,{quote(text, safe=',.')}"


def _image_url(picture: Picture) -> str:
    """A picture within the page; paths make most of it, and stay as they are, which takes less than base64."""
    return f"data:image/svg+xml,{quote(picture.svg, safe=' <>/=,;:().-+!?')}"
