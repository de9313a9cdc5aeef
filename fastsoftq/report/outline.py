"""The outline of a report: sections of folders, parts of worlds, groups of charts and tables; the template draws it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fastsoftq.report.drawing import Drawing
from fastsoftq.report.findings import Table
from fastsoftq.report.folder import Picture

__all__ = ["Group", "Part", "Section"]


class Group(NamedTuple):
    """Charts and tables that belong together, and how to read them.

    Parameters
    ----------
    title, words : str
    drawings : sequence of Drawing
    footnotes : sequence of str
    tables : sequence of Table
        Below the charts.
    folded : bool
        Closed until the reader opens it.

    Examples
    --------
    >>> Group("Runs", "A run is its mean return.", []).folded
    False
    """

    title: str
    words: str
    drawings: Sequence[Drawing]
    footnotes: Sequence[str] = ()
    tables: Sequence[Table] = ()
    folded: bool = False


@dataclass(frozen=True)
class Part:
    """What was learned in one world.

    Attributes
    ----------
    title : str
        Empty where there is one world only.
    answers : sequence of str
        The one that matters most first.
    unlike : str
        In which settings the two agents of the first answer differ.
    comparisons : Table or None
    groups : sequence of Group
    picture : Drawing or None
        Shown with the answers, before all tables.

    Examples
    --------
    >>> Part("cliff", ["Soft is ahead."], "", None, []).answers
    ['Soft is ahead.']
    """

    title: str
    answers: Sequence[str]
    unlike: str
    comparisons: Table | None
    groups: Sequence[Group]
    picture: Drawing | None = None

    @property
    def shown(self) -> list[Group]:
        """The groups that have something to show."""
        return [group for group in self.groups if group.drawings or group.tables]


@dataclass(frozen=True)
class Section:
    """All that is said of one folder.

    Attributes
    ----------
    name, heading : str
    sentences : sequence of str
    parts : sequence of Part
    pictures : sequence of Picture
    table, settings : Table or None
    facts : sequence of (str, str)
        How it was run.
    command : str
        It repeats the run.
    summary : bytes
    notes : sequence of str
        How its statistics are to be read.
    picture : Drawing or None
        Opens the section, and the page where it is the only one, beside the answer; else that of the first world does.
    studied : sequence of (str, str)
        What was studied: worlds, agents, swept values.

    Examples
    --------
    >>> Section("cliff walking", "Hard against soft", ["Soft is ahead."]).answer
    'Soft is ahead.'
    """

    name: str
    heading: str
    sentences: Sequence[str]
    parts: Sequence[Part] = ()
    pictures: Sequence[Picture] = ()
    table: Table | None = None
    settings: Table | None = None
    facts: Sequence[tuple[str, str]] = ()
    command: str = ""
    summary: bytes = b""
    notes: Sequence[str] = ()
    picture: Drawing | None = None
    studied: Sequence[tuple[str, str]] = ()

    @property
    def kicker(self) -> str:
        """The name, above the heading; empty where that is the name again."""
        name, heading = (" ".join(re.split(r"[\s_-]+", text)).casefold() for text in (self.name, self.heading))
        return "" if name == heading else self.name

    @property
    def answer(self) -> str:
        """What was found, in a sentence."""
        return next((part.answers[0] for part in self.parts if part.answers), next(iter(self.sentences), ""))

    @property
    def opening(self) -> Drawing | None:
        """The picture beside that answer: the section's own, or of the world that the answer is of."""
        return self.picture or next((part.picture for part in self.parts if part.answers), None)
