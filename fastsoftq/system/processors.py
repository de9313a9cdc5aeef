"""The processors that this process may use: those it may run on, as far as control groups leave it their time."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

from fastsoftq.system.control_groups import control_groups

__all__ = ["processors"]


def processors() -> int:
    """How many processors this process may use, at least 1.

    As many as it may run on (`taskset`, a SLURM cpuset), or fewer where a control group has a quota of their time, as
    containers do; a quota of 1.5 processors keeps two threads busy.

    Returns
    -------
    int

    Examples
    --------
    >>> processors() >= 1
    True
    """
    return max(1, min((_may_run_on(), *_quotas())))


def _may_run_on() -> int:
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas() -> Iterator[int]:
    for group in control_groups("cpu"):
        for quota, period in (_version_2(group), _version_1(group)):
            if quota > 0 and period > 0:
                yield math.ceil(quota / period)


def _version_2(group: Path) -> tuple[int, int]:
    """A quota of microseconds in each period of so many; 0 where there is none."""
    try:
        quota, period = (group / "cpu.max").read_text(encoding="ascii").split()
        return int(quota), int(period)  # "max" is no number, and no limit
    except (OSError, ValueError):
        return 0, 0


def _version_1(group: Path) -> tuple[int, int]:
    try:
        quota, period = ((group / f"cpu.cfs_{name}_us").read_text(encoding="ascii") for name in ("quota", "period"))
        return int(quota), int(period)  # a quota of -1 is no limit
    except (OSError, ValueError):
        return 0, 0
