"""What was measured, as Markdown: the card, speeds beside one another, large worlds, what could not be measured."""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from importlib import metadata
from typing import Any

from benchmarks.gpu.workloads import WORKLOADS
from benchmarks.peers import machine
from fastsoftq.engine.gpu.driver import Gpu
from fastsoftq.system.processors import processors

_ASKED = ("driver_version", "clocks.max.sm", "power.limit")


def described(gpu: Gpu) -> dict[str, Any]:
    """The card, its driver and highest clock (Hz; None where nvidia-smi does not tell), and the machine."""
    driver, clock, power = _smi(gpu.number)
    return {
        "card": gpu.card.name,
        "multiprocessors": gpu.card.multiprocessors,
        "memory_gib": round(gpu.card.memory / 2**30, 1),
        "driver": driver,
        "clock_hz": None if clock is None else 1e6 * float(clock.split()[0]),
        "power_limit": power,
        "processor": machine._processor(),
        "threads": processors(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in ("fastsoftq", "numba", "llvmlite", "cuda-core", "jax")},
    }


def _smi(number: int) -> Sequence[str | None]:
    try:
        asked = ["--query-gpu=" + ",".join(_ASKED), "--format=csv,noheader", f"--id={number}"]
        shown = subprocess.run(
            [shutil.which("nvidia-smi") or "nvidia-smi", *asked], capture_output=True, text=True, check=True, timeout=20
        )
        found = [part.strip() for part in shown.stdout.strip().split(",")]
        return found if len(found) == len(_ASKED) and found[1][:1].isdigit() else (found[0], None, None)
    except (OSError, subprocess.SubprocessError):
        return (None,) * len(_ASKED)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def markdown(results: dict[str, Any]) -> str:
    return "\n".join(_lines(results))


def _lines(results: dict[str, Any]) -> Iterator[str]:
    about = results["machine"]
    clock = f", up to {about['clock_hz'] / 1e9:.2f} GHz" if about["clock_hz"] else ""
    yield (
        f"{about['card']} ({about['multiprocessors']} multiprocessors{clock}), driver {about['driver'] or 'unknown'}, "
        f"beside {about['processor']} ({about['threads']} threads). 10^9 learning steps a second:"
    )
    yield ""
    labels = [workload.label for workload in WORKLOADS]
    speeds = {(s["contender"], s["workload"]): s for s in results["speeds"]}
    yield from _table(
        ["", *labels],
        [
            [who, *(_cell(speeds.get((who, label))) for label in labels)]
            for who in dict.fromkeys(who for who, _ in speeds)
        ]
        + _slots(results["slots"], labels),
    )
    rates = [
        f"{s['workload']} {s['result_bytes_per_second'] / 1e9:.1f}"
        for s in results["speeds"]
        if s["result_bytes_per_second"]
    ]
    if rates:
        yield f"\n10^9 bytes of results a second, through `train`: {'; '.join(rates)}."
    notes = dict.fromkeys(f"{s['contender']}, {s['workload']}: {s['note']}" for s in results["speeds"] if s["note"])
    if notes:
        yield f"\n{'; '.join(notes)}."
    if results["worlds"]:
        yield "\nWorlds, hard and soft, double precision, the kernel alone; runs at a time in brackets:\n"
        yield from _worlds(results["worlds"])
    wrong = [s["contender"] + ", " + s["workload"] for s in results["speeds"] if s["same_bits"] is False]
    wrong += [f"{w['states']:,} states, {w['agent']}" for w in results["worlds"] if not w["same_bits"]]
    yield "\n" + (f"NOT the CPU's bits: {'; '.join(wrong)}." if wrong else "All that is marked = has the CPU's bits.")
    for part, reason in results["failed"].items():
        yield f"\nNot measured, {part}: {reason}"


def _cell(speed: dict[str, Any] | None) -> str:
    if speed is None:
        return ""
    mark = {True: " =", False: " (other bits)", None: ""}[speed["same_bits"]]
    return f"{speed['steps_per_second'] / 1e9:.3g}{mark}"


def _slots(slots: dict[str, Any], labels: list[str]) -> list[list[str]]:
    return [
        [title, *(f"{slots[label][key] / unit:.3g}" if slots[label][key] else "unknown" for label in labels)]
        for title, key, unit in (("instructions a step", "instructions", 1), ("limit of the issue slots", "limit", 1e9))
        if all(label in slots for label in labels)
    ]


def _worlds(worlds: list[dict[str, Any]]) -> Iterator[str]:
    agents = list(dict.fromkeys(w["agent"] for w in worlds))
    found = {(w["states"], w["agent"]): w for w in worlds}

    def cell(states: int, agent: str) -> str:
        w = found.get((states, agent))
        return f"{_cell(w)} ({w['runs']:,})" if w else ""

    yield from _table(
        ["states", *agents],
        [[f"{n:,}", *(cell(n, agent) for agent in agents)] for n in dict.fromkeys(w["states"] for w in worlds)],
    )


def _table(head: list[str], rows: list[list[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "| " + " | ".join(["---"] * len(head)) + " |"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
