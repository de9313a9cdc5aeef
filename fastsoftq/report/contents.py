"""The contents of a page: its headings with an anchor each, and words that are said once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from fastsoftq.report.outline import Group, Part, Section

__all__ = ["Entry", "headings", "listed", "said_once", "slug"]


class Entry(NamedTuple):
    """A heading: its anchor, its text, the headings below it, and the anchor of how it was run.

    Examples
    --------
    >>> Entry("cliff", "Cliff walking").anchor
    'cliff'
    """

    anchor: str
    title: str
    below: Sequence[Entry] = ()
    run: str = ""


def headings(sections: Sequence[Section]) -> list[Entry]:
    """List the headings of a page.

    Parameters
    ----------
    sections : sequence of Section

    Returns
    -------
    list of Entry
        One for each section, below it one for each part, and below that one for each group that shows something. No
        anchor is there twice.

    Examples
    --------
    >>> from fastsoftq.report.findings import Table
    >>> groups = [Group(title, "", [], tables=[Table([], [])]) for title in ("Learning curves", "Runs")]
    >>> parts = [Part("cliff", [], "", None, groups), Part("grid", [], "", None, groups)]
    >>> (entry,) = headings([Section("a study", "Hard and soft", [], parts)])
    >>> [below.anchor for below in entry.below[1].below]
    ['a-study-grid-learning-curves', 'a-study-grid-runs']
    """
    taken: set[str] = set()
    return [_of_section(section, taken) for section in sections]


def listed(entries: Sequence[Entry], sections: Sequence[Section]) -> list[Entry]:
    """Choose the headings that the contents list: the sections, or what is in the only one.

    Parameters
    ----------
    entries : sequence of Entry
        As `headings` gives them.
    sections : sequence of Section

    Returns
    -------
    list of Entry
        Empty where contents are not worth their room.

    Examples
    --------
    >>> sections = [Section(name, "", []) for name in ("one", "two", "three")]
    >>> [entry.anchor for entry in listed(headings(sections), sections)]
    ['one', 'two', 'three']
    """
    if len(entries) > 1:
        found = [entry._replace(below=()) for entry in entries]
    else:
        below = [each for entry in entries for each in entry.below]
        found = below if len(below) > 1 else [each for entry in below for each in entry.below]
        found += [
            Entry(e.run, "How it was run") for e, s in zip(entries, sections, strict=True) if s.facts or s.settings
        ]
    return found if len(found) > 2 else []


def slug(text: str) -> str:
    """Make a name of a file or an anchor: letters, digits and hyphens.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> slug("Hard and soft: a cliff")
    'hard-and-soft-a-cliff'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _of_section(section: Section, taken: set[str]) -> Entry:
    anchor = _free(section.name, taken)
    below = [_of_part(part, anchor, taken) for part in section.parts]
    return Entry(anchor, section.name, below, _free(f"{anchor} how it was run", taken))


def _of_part(part: Part, above: str, taken: set[str]) -> Entry:
    anchor = _free(f"{above} {part.title or 'part'}", taken)
    within = f"{above} {part.title}"
    return Entry(anchor, part.title, [_of_group(group, within, taken) for group in part.shown])


def _of_group(group: Group, above: str, taken: set[str]) -> Entry:
    return Entry(_free(f"{above} {group.title}", taken), group.title)


def _free(text: str, taken: set[str]) -> str:
    """An anchor made of words that nothing else has."""
    name = slug(text) or "section"
    anchor = next(a for i in range(1, len(taken) + 2) if (a := name if i == 1 else f"{name}-{i}") not in taken)
    taken.add(anchor)
    return anchor


def said_once() -> Callable[..., bool]:
    """A function that says whether words are new to the page, the first time it is asked of them.

    Returns
    -------
    callable
        Of the words, and of where they hold if not on the whole page; True once, and False for none.

    Examples
    --------
    >>> new = said_once()
    >>> new("Lines are means."), new("Lines are means."), new("")
    (True, False, False)
    """
    said: set[tuple[str, str]] = set()

    def new(words: str, within: str = "") -> bool:
        key = within, " ".join(words.split())
        if not key[1] or key in said:
            return False
        said.add(key)
        return True

    return new
