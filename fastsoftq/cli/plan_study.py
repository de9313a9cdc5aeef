"""The command plan: what a study will take, before it is run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from fastsoftq.cli.errors import BadInputError, bad_input
from fastsoftq.cli.options import Modules, StudyFile, count, import_modules, number
from fastsoftq.system.interruption import prompt
from fastsoftq.system.memory import in_words
from fastsoftq.system.streams import counted, in_a_line, say, shown

if TYPE_CHECKING:
    from fastsoftq.studies.enough_seeds import EnoughSeeds
    from fastsoftq.studies.estimating import ConditionEstimate, Estimate

__all__ = ["plan_study"]

_PATIENCE = 5.0  # seconds
_ROWS = 20  # of a table on a terminal


def plan_study(
    study: StudyFile,
    out: Annotated[
        str | None,
        typer.Option(
            metavar="DIR", help="Where results will go: what is there is not counted, and nothing is written."
        ),
    ] = None,
    pilot: Annotated[
        int | None, count("Runs of each condition that the estimate rests on; 64 or an eighth of all if not given.")
    ] = None,
    difference: Annotated[
        float | None, number("The smallest difference that matters: says how many seeds are enough.")
    ] = None,
    confidence: Annotated[float | None, number("Of all comparisons together; 0.95 if not given.")] = None,
    power: Annotated[float | None, number("The chance of finding such a difference; 0.9 if not given.")] = None,
    threads: Annotated[int | None, count("As many as processors may be used if not given.")] = None,
    modules: Modules = None,
) -> None:
    """Say what a study will take: steps, time, memory, disk, and how many seeds are enough."""
    from fastsoftq.cli.live import live
    from fastsoftq.studies import estimate, read_study
    from fastsoftq.studies.watching import Tally

    names = import_modules(modules)
    with bad_input():
        try:
            parsed = read_study(study, names)
        except OSError as error:
            raise BadInputError(f"study is {str(study)!r}; it cannot be read: {error.strerror}") from None
    tally = Tally()
    with bad_input(), prompt(_PATIENCE), live(f"Pilot of {parsed.name}", tally):
        found = estimate(
            parsed, out=out, pilot=pilot, threads=threads, difference=difference, confidence=confidence, power=power,
            watch=tally,
        )  # fmt: skip
    if sys.stdout.isatty():
        _draw(found)
    else:
        for one in found.conditions:
            takes = f"{_steps(one)}, {_core(one.seconds)} of a core, {in_words(one.disk)}"
            say(f"{in_a_line(one.name)}: {_runs(one)}, {takes}")
    for line in _lines(found, out):
        say(line)


def _draw(found: Estimate) -> None:
    """The conditions that take longest, as a table."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text  # names may hold what Rich would take for markup

    drawn = Table(title=Text(shown(f"What {found.name} will take")), title_justify="left", box=None, pad_edge=False)
    for heading in ("condition", "runs", "steps", "time of a core", "on disk"):
        drawn.add_column(heading, justify="left" if heading == "condition" else "right")
    places = sorted(range(len(found.conditions)), key=lambda place: -found.conditions[place].seconds)[:_ROWS]
    for place in sorted(places):
        one = found.conditions[place]
        drawn.add_row(Text(shown(one.name)), _runs(one), _steps(one), _core(one.seconds), in_words(one.disk))
    if len(found.conditions) > _ROWS:
        drawn.add_row(Text(f"and {len(found.conditions) - _ROWS:,} that take less"))
    Console().print(drawn)


def _lines(found: Estimate, out: str | None) -> Iterator[str]:
    """What is said of all together."""
    from fastsoftq.cli.live import millions

    done = f", of which {found.done:,} are done" if found.done else ""
    some = (
        "the same runs"
        if found.pilot == max(one.runs for one in found.conditions)
        else f"{counted(found.pilot, 'run')} of each"
    )
    yield f"{counted(len(found.conditions), 'condition')}, {found.runs:,} runs{done}; judged by a pilot of {some}"
    yield f"steps: {millions(found.steps)}{_error(found.steps_error, ' (95 % confidence)')}"
    yield f"time here: {_core(found.seconds)} with {counted(found.threads, 'thread')}, if nothing else runs"
    there = "" if found.memory_available is None else f"; {in_words(found.memory_available)} are available"
    yield f"memory: {in_words(found.memory)} at the peak{there}"
    free = "" if found.disk_free is None else f"; {in_words(found.disk_free)} are free {f'in {out}' if out else 'here'}"
    yield f"disk: {in_words(found.disk)}{free}"
    if found.most is not None:
        first = max(one.runs for one in found.conditions)
        yield (
            f"this is the first round, of {first:,} seeds: with {found.most:,}, where the rule stops at the latest, "
            f"{found.most / first:,.1f} times as much"
        )
    if found.enough is not None:
        yield from _enough(found.enough)


def _enough(enough: EnoughSeeds) -> Iterator[str]:
    seeds = "more than 10,000,000 are needed" if enough.seeds is None else f"{enough.seeds:,} are enough"
    together = "" if enough.pairs == 1 else f", {enough.pairs:,} comparisons together"
    yield (
        f"seeds: {seeds} to find a difference of {enough.difference:g} in {enough.measure} with power {enough.power:g} "
        f"at {100 * enough.confidence:g} % confidence{together}"
    )
    caution = f"; caution: {enough.caution}" if enough.caution else ""
    yield (
        f"{in_a_line(enough.condition)} against {in_a_line(enough.reference)} needs most: standard deviation "
        f"{enough.std:.3g} in the pilot, planned with an upper bound of {enough.planning_std:.3g} (80 %){caution}"
    )


def _runs(one: ConditionEstimate) -> str:
    return f"{one.runs:,} runs" if not one.done else f"{one.runs - one.done:,} of {one.runs:,} runs"


def _steps(one: ConditionEstimate) -> str:
    from fastsoftq.cli.live import millions

    return f"{millions(one.steps)}{_error(one.steps_error)} steps"


def _error(steps: float, sure: str = "") -> str:
    """How far off steps may be; nothing where they are known."""
    from fastsoftq.cli.live import millions

    return f" ± {millions(steps)}{sure}" if steps else ""


def _core(seconds: float) -> str:
    from fastsoftq.cli.live import clock

    return clock(seconds) if seconds >= 10.0 else f"{seconds:.1f} s"
