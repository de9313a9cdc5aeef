"""How the suite measures: processor time of a million steps, states or updates; and why something cannot run here."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

Clock = Callable[[], float]


def per_million(units: int, clock: Clock = time.process_time) -> Clock:
    """Give asv a timer of calls that do so many `units` each: it shows seconds a million of them.

    Processor time is what a clock shows of one thread on an idle machine, and others on the machine do not add to it.
    """
    return lambda: clock() * 1e6 / units


def millions_per_second(call: Callable[[], object], units: int, clock: Clock = time.process_time) -> float:
    """Million units a second: the median of at least five calls that take half a second together."""
    took: list[float] = []
    while len(took) < 5 or sum(took) < 0.5:
        start = clock()
        call()
        took.append(clock() - start)
    return units / statistics.median(took) / 1e6


def require(device: str) -> None:
    """Skip a benchmark, saying why, where the device is missing."""
    if device == "cpu":
        return
    try:
        from fastsoftq import devices
    except ImportError as error:
        raise NotImplementedError(f"this fastsoftq learns on no device but the cpu, not on {device}") from error
    found = devices()
    if not any(one.trains and one.name.partition(":")[0] == device for one in found):
        reasons = "; ".join(one.can for one in found if one.name.partition(":")[0] == device and not one.trains)
        raise NotImplementedError(f"no {device} trains here{f' ({reasons})' if reasons else ''}")
