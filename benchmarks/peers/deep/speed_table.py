"""What was measured, as Markdown and as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

OURS = "fastsoftq"


class Speeds(NamedTuple):
    """One piece of work, done by several contenders."""

    what: str
    seconds: dict[str, float]  # the median of each contender
    times: dict[str, float]  # the median of rounds' ratios of its seconds to fastsoftq's


class Figure(NamedTuple):
    """Something of fastsoftq alone."""

    what: str
    value: float
    unit: str
    note: str = ""


def markdown(speeds: Sequence[Speeds], figures: Sequence[Figure]) -> str:
    """Tables; of contenders that go by one name, such as `PyTorch, fused Adam`, the fastest."""
    found = []
    if speeds:
        names = list(dict.fromkeys(name.split(",")[0] for row in speeds for name in row.seconds))
        found += [_line("", *names), _line(*["---"] * (1 + len(names)))]
        found += [_line(row.what, *(_cell(row, name) for name in names)) for row in speeds]
    if speeds and figures:
        found.append("")
    if figures:
        found += [_line("", ""), _line("---", "---")]
        found += [_line(f.what, f"{f.value:.3g} {f.unit}{f.note and f' ({f.note})'}") for f in figures]
    return "\n".join(found) + "\n"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(row: Speeds, name: str) -> str:
    some = {full: seconds for full, seconds in row.seconds.items() if full.split(",")[0] == name}
    if not some:
        return ""
    best = min(some, key=some.__getitem__)
    notes = [f"{row.times[best]:.2f}×"] if best in row.times else []
    notes += best.split(", ")[1:]
    return duration(some[best]) + (f" ({', '.join(notes)})" if notes else "")


def duration(seconds: float) -> str:
    """Three digits, in microseconds, milliseconds or seconds."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def data(speeds: Sequence[Speeds], figures: Sequence[Figure], machine: Mapping[str, object]) -> dict[str, object]:
    return {
        "machine": dict(machine),
        "speeds": [row._asdict() for row in speeds],
        "figures": [figure._asdict() for figure in figures],
    }
