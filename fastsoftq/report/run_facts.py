"""How results came to be: seeds, steps, machine, versions and the command that repeats it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastsoftq.figures.labels import typeset
from fastsoftq.report.performance import Performance
from fastsoftq.report.rounding import distinct

__all__ = ["command_of", "run_facts"]


def run_facts(run: Mapping[str, Any], performances: Sequence[Performance] = ()) -> list[tuple[str, str]]:
    """Say how a folder's results came to be.

    Parameters
    ----------
    run : mapping
        As `run.json` has it; nothing is said of what is not there.
    performances : sequence of Performance
        Their steps are counted where `run` does not.

    Returns
    -------
    list of (str, str)
        A fact, and its value.

    Examples
    --------
    >>> run_facts({"seeds": 1000, "steps": 3_000_000})
    [('seeds', '1,000'), ('environment steps', '3,000,000')]
    """
    steps = run.get("steps") or sum(one.steps for one in performances)
    training = sum(agent.get("seconds", 0.0) for agent in run.get("agents", {}).values())
    versions = run.get("versions", {})
    facts = [
        ("seeds", _whole(run.get("seeds"))),
        ("episodes", _whole(run.get("episodes"))),
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
