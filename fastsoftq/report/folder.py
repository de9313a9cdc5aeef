"""What a report knows of a result folder, whoever wrote it: agents with their curves, words, figures and provenance."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from fastsoftq.figures.columns import Columns
from fastsoftq.figures.labels import typeset
from fastsoftq.report.findings import Table
from fastsoftq.report.rounding import distinct, setting_text
from fastsoftq.report.sweep.swept_study import SweptStudy

__all__ = [
    "EpisodeMoments",
    "FolderContents",
    "Lost",
    "Picture",
    "ReportedAgent",
    "Runs",
    "Summaries",
    "command_of",
    "lost_words",
    "run_facts",
]


class Runs(NamedTuple):
    """What an agent's runs did, episode by episode, or at points of the steps."""

    returns: NDArray[np.float64]  # [seeds, episodes]
    lengths: NDArray[Any]  # [seeds, episodes]
    truncated: NDArray[Any]  # [seeds, episodes]
    seeds: NDArray[np.uint64]  # [seeds]
    exact_returns: NDArray[np.float64] | None = None  # [episodes], expected once all is learned
    exact_lengths: NDArray[np.float64] | None = None  # [episodes]
    return_bounds: tuple[float, float] | None = None  # the lowest and the highest that an episode can have
    length_bounds: tuple[float, float] | None = None
    steps: NDArray[np.int64] | None = None  # [points] of a deep agent, in the place of episodes
    steps_taken: NDArray[np.int64] | None = None  # [seeds], likewise

    @property
    def columns(self) -> Columns:
        """What its curves are along."""
        return Columns(self.returns.shape[1], self.steps)

    @property
    def all_steps(self) -> int:
        """Of the environment, over all runs."""
        taken = self.lengths if self.steps_taken is None else self.steps_taken
        return int(taken.sum(dtype=np.int64))


class Lost(NamedTuple):
    """How many runs diverged, and by when."""

    runs: int
    of: int
    first: int  # steps of the first point by which one had
    last: int  # and of the first by which all of them had

    @property
    def share(self) -> str:
        """As a cell of a table."""
        return f"{typeset(self.runs)} of {typeset(self.of)}" if self.runs else "none"

    @property
    def words(self) -> str:
        """As a clause."""
        ends = f"by step {typeset(self.first)}"
        if self.last > self.first:
            ends = f"the first {ends} and the last by step {typeset(self.last)}"
        return f"{self.share} runs diverged, {ends}"


class EpisodeMoments(NamedTuple):
    """What is known of one quantity in each episode."""

    runs: int
    mean: NDArray[np.float64]  # [episodes]
    error: NDArray[np.float64]  # [episodes], the standard error of the mean
    quantiles: NDArray[np.float64]  # [5, episodes], at 5, 25, 50, 75 and 95 %
    skewness: NDArray[np.float64] | float = 0.0  # [episodes], of a run


class Summaries(NamedTuple):
    """What is known of an agent's runs, episode by episode, where the runs themselves are not kept."""

    returns: EpisodeMoments
    lengths: EpisodeMoments
    exact_returns: NDArray[np.float64] | None = None  # [episodes], expected once all is learned
    exact_lengths: NDArray[np.float64] | None = None  # [episodes]
    steps: NDArray[np.int64] | None = None  # [points] of a deep agent, in the place of episodes

    @property
    def columns(self) -> Columns:
        """What its curves are along."""
        return Columns(len(self.returns.mean), self.steps)


class LoadRuns(Protocol):
    """Reads the runs of an agent when they are needed, since memory may not hold those of all agents at once."""

    def __call__(self) -> Runs: ...


class LoadSummaries(Protocol):
    """Reads the summaries of an agent when they are needed."""

    def __call__(self) -> Summaries: ...


@dataclass(frozen=True, eq=False)
class ReportedAgent:
    """An agent that learned in a world, once for each seed.

    Attributes
    ----------
    name, label : str
        As files call it, and as readers do.
    colour : str
        As "#rrggbb".
    settings : mapping
        Its hyperparameters, after "algorithm"; numbers or text.
    load : callable
        Reads its `Runs`.
    world : str
        What it learned in; agents are compared within a world.
    summaries : callable or None
        Reads its `Summaries`, where its runs are not kept and `load` refuses.
    table : str
        The table of its study that it was written in; empty where that is its name.
    lost : Lost or None
        How many of its runs diverged, of a deep agent.
    """

    name: str
    label: str
    colour: str
    settings: Mapping[str, str | float]
    load: LoadRuns
    world: str = ""
    summaries: LoadSummaries | None = None
    table: str = ""
    lost: Lost | None = None

    def unlike(self, other: ReportedAgent) -> list[tuple[str, str, str]]:
        """The settings in which two agents differ: name, this one's value and the other's."""
        ours, theirs = self.settings, other.settings
        return [
            (name.replace("_", " "), setting_text(ours.get(name, "none")), setting_text(theirs.get(name, "none")))
            for name in {**ours, **theirs}
            if ours.get(name) != theirs.get(name)
        ]


def lost_words(agents: Sequence[ReportedAgent], world: str = "") -> list[str]:
    """Say of which deep agents runs diverged, and how they are counted.

    Parameters
    ----------
    agents : sequence of ReportedAgent
        Of a world.
    world : str
        What it is called, where there are several.

    Returns
    -------
    list of str
        A sentence for each; none where nothing diverged.

    Examples
    --------
    >>> lost_words([ReportedAgent("hard", "hard", "#d55e00", {}, None, lost=Lost(3, 30, 5000, 40_000))])[0][:73]
    'hard: 3 of 30 runs diverged, the first by step 5,000 and the last by step'
    """
    where = f" in {world}" if world else ""
    return [
        f"{one.label}{where}: {one.lost.words}; from there on each counts with the lowest return that it had."
        for one in agents
        if one.lost is not None and one.lost.runs
    ]


class Picture(NamedTuple):
    """A figure of the folder: its file name without ending, what it shows in words, and the SVG."""

    name: str
    alternative: str
    svg: bytes


@dataclass(frozen=True, eq=False)
class FolderContents:
    """What one folder holds.

    Attributes
    ----------
    folder : Path
    name, heading : str
        What was done: by name, and in a line.
    run : mapping
        Seeds, steps, versions, machine, command, as `run.json` has them.
    sentences : sequence of str
        What was found.
    table : Table or None
    pictures : sequence of Picture
    summary : bytes
        `summary.csv`; empty where there is none.
    agents : sequence of ReportedAgent
        Those whose runs are kept.
    summarised : sequence of ReportedAgent
        Those of which only summaries are kept.
    sweep : SweptStudy or None
        The agents as a sweep, where there are many or hyperparameters are swept.
    """

    folder: Path
    name: str
    heading: str
    run: Mapping[str, Any]
    sentences: Sequence[str] = ()
    table: Table | None = None
    pictures: Sequence[Picture] = ()
    summary: bytes = b""
    agents: Sequence[ReportedAgent] = ()
    summarised: Sequence[ReportedAgent] = ()
    sweep: SweptStudy | None = None

    @property
    def n_columns(self) -> int:
        """How many episodes a run has, at most, or how many points."""
        own = self.sweep.columns if self.sweep is not None else ()
        return max(own, default=int(self.run.get("points") or self.run["episodes"]))


def run_facts(run: Mapping[str, Any], steps: int = 0) -> list[tuple[str, str]]:
    """Say how a folder's results came to be.

    Parameters
    ----------
    run : mapping
        As `run.json` has it; nothing is said of what is not there.
    steps : int
        Of the environment, where `run` does not count them.

    Returns
    -------
    list of (str, str)
        A fact, and its value.

    Examples
    --------
    >>> run_facts({"seeds": 1000, "steps": 3_000_000})
    [('seeds', '1,000'), ('environment steps', '3,000,000')]
    """
    unlike = run.get("unlike", {})  # where conditions have their own
    steps = run.get("steps") or steps
    training = sum(agent.get("seconds", 0.0) for agent in run.get("agents", {}).values())
    versions = run.get("versions", {})
    facts = [
        ("seeds", unlike.get("seeds") or _whole(run.get("seeds"))),
        ("episodes", unlike.get("episodes") or _whole(run.get("episodes"))),
        ("steps of a run", unlike.get("steps of a run") or _whole(run.get("steps_each"))),
        ("points", unlike.get("points") or _whole(run.get("points"))),
        ("diverged", run.get("diverged", "")),
        ("steps an episode, at most", _whole(run.get("max_steps"))),
        ("environment steps", _whole(steps or None)),
        ("training", f"{training:,.1f} s" if training else ""),
        ("speed", f"{distinct(steps / training / 1e6, 1, 0.0)} million steps a second" if training and steps else ""),
        ("all in all", f"{run['seconds']:,.1f} s" if "seconds" in run else ""),
        ("threads", _whole(run.get("threads"))),
        ("processor", f"{run['cpu']}, {run.get('cores')} cores" if "cpu" in run else ""),
        ("system", run.get("platform", "")),
        (
            "fastsoftq",
            " ".join(filter(None, (run.get("fastsoftq"), f"at commit {run['commit']}" if run.get("commit") else ""))),
        ),
        ("versions", ", ".join(f"{k} {v}" for k, v in {"Python": run.get("python"), **versions}.items() if v)),
        ("finished", run.get("time", "")),
    ]
    return [(what, how) for what, how in facts if how]


def _whole(number: int | None) -> str:
    return "" if number is None else typeset(number)


def command_of(run: Mapping[str, Any]) -> str:
    """Give the command that made the results, as one types it.

    Parameters
    ----------
    run : mapping
        As `run.json` has it.

    Returns
    -------
    str
        Empty where it is not known.

    Examples
    --------
    >>> command_of({"command": ["__main__.py", "run", "my study.toml"]})
    "fastsoftq run 'my study.toml'"
    """
    words: Iterable[str] = run.get("command", ())
    first, *rest = words or [""]  # `python -m fastsoftq` calls itself __main__.py
    return shlex.join(["fastsoftq" if first == "__main__.py" else first, *rest]) if first else ""
