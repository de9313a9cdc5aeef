"""The report of result folders: one file of HTML that opens from disk and needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fastsoftq.figures.colours import on_dark
from fastsoftq.report.contents import headings, listed, said_once, slug
from fastsoftq.report.decision import ErrorRate
from fastsoftq.report.drawing import Drawing
from fastsoftq.report.folder import Picture
from fastsoftq.report.outline import Section
from fastsoftq.report.reader import read_results
from fastsoftq.report.sections import error_rate, section
from fastsoftq.report.two_folders import comparison_section, matched_folders
from fastsoftq.system.atomic import atomic_write

__all__ = ["page_text", "write_report"]


def write_report(
    directory: str | Path,
    other: str | Path | None = None,
    out: str | Path | None = None,
    agents: Iterable[type] = (),
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

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        A folder that does not exist, or holds no results.
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
    agents = list(agents)
    ours = read_results(directory, agents)
    path = Path(out) if out is not None else Path(directory) / ("report.html" if other is None else "comparison.html")
    if other is None:
        rate = sum(map(error_rate, ours), ErrorRate(0, 0))
        page = page_text("Hard or soft?", [section(contents, rate) for contents in ours], rate)
    else:
        theirs = read_results(other, agents)
        names = _names(Path(directory), Path(other))
        both = matched_folders(ours, theirs, names)
        differing = sum(len(each.different) for each in both)
        rate = sum(map(error_rate, (*ours, *theirs)), ErrorRate(2 * differing, differing))
        compared = [comparison_section(each, names, rate) for each in both]
        alone = [
            _in(section(contents, rate), name)
            for name, held in zip(names, (ours, theirs), strict=True)
            for contents in held
        ]
        page = page_text(f"{names[0]} against {names[1]}", [*compared, *alone], rate, answers=len(compared))
    atomic_write(path, page.encode(errors="backslashreplace"))  # a folder's name may hold what is no text
    return path


def _names(one: Path, other: Path) -> tuple[str, str]:
    """Name two folders by the last parts of their paths, or by the whole paths where those are the same."""
    names = one.resolve().name, other.resolve().name
    return names if names[0] != names[1] else (str(one), str(other))


def _in(section: Section, folder: str) -> Section:
    return replace(section, name=f"{section.name} in {folder}")


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
    environment.globals["new"] = environment.tests["new"] = new
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
    yield from (each.picture for each in (section, *section.parts) if each.picture)
    yield from (drawing for part in section.parts for group in part.groups for drawing in group.drawings)


def _data_url(text: str | bytes) -> str:
    """A link that is the CSV file itself."""
    return f"data:text/csv;charset=utf-8,{quote(text, safe=',.')}"


def _image_url(picture: Picture) -> str:
    """A picture within the page; paths make most of it, and stay as they are, which takes less than base64."""
    return f"data:image/svg+xml,{quote(picture.svg, safe=' <>/=,;:().-+!?')}"
