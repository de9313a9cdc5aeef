"""Memory: what would not fit is refused before it is begun, rather than killed half-way by the system."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from fastsoftq.system.control_groups import control_groups

__all__ = ["TooLargeError", "available_memory", "check_memory", "in_words", "peak_memory", "resident_memory"]

_SMALL = 2**26  # bytes that need no look at what is there
# Of a control group, version 2 and 1: its limit and its use.
_FILES = (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes"))


class TooLargeError(ValueError):
    """What was asked for needs more memory than there is."""


def check_memory(subject: str, needed: int, advice: str, each: int | None = None) -> None:
    """Refuse what needs more memory than there is.

    Parameters
    ----------
    subject : str
        The argument and its value, as the message begins.
    needed : int
        Bytes, at least.
    advice : str
        What to do instead, as the message ends.
    each : int, optional
        Bytes that one of what is asked for takes; the message then says how many would fit.

    Raises
    ------
    TooLargeError
        It does not fit.

    Examples
    --------
    >>> check_memory("seeds is 10; it", 80, "take fewer")  # 80 bytes do
    """
    if needed <= _SMALL:
        return
    available = available_memory()
    if available is not None and needed > available:
        there = f"{in_words(needed)} of memory, of which {in_words(available)} are available"
        most = "" if each is None else f", of at most {available // each}"
        raise TooLargeError(f"{subject} needs {there}; {advice}{most}")


def available_memory() -> int | None:
    """Bytes that this process can take without others, or itself, being killed; None where nothing tells.

    The system's own estimate (or all its memory, where it gives none), or what is left of a control group's limit, as
    containers and schedulers set it.

    Examples
    --------
    >>> (available_memory() or 1) > 0
    True
    """
    return min((*_system(), *_groups()), default=None)


def _system() -> Iterator[int]:
    try:
        yield from _told("/proc/meminfo", "MemAvailable:")
    except OSError:
        if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", ()):
            yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _told(path: str, name: str) -> Iterator[int]:
    """Bytes of what the kernel tells by this name, in a file of kibibytes."""
    lines = Path(path).read_text(encoding="ascii", errors="replace").splitlines()
    return (int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def _groups() -> Iterator[int]:
    """What is left to each control group that this process is in."""
    for group in control_groups("memory"):
        yield from _left(group)


def _left(group: Path) -> Iterator[int]:
    for limit, use in _FILES:
        try:
            most = int((group / limit).read_text(encoding="ascii"))  # or "max", which is no limit
            used = int((group / use).read_text(encoding="ascii"))
            kept = dict(line.split() for line in (group / "memory.stat").read_text(encoding="ascii").splitlines())
        except (OSError, ValueError):
            continue
        reclaimable = int(kept.get("inactive_file", 0)) + int(kept.get("active_file", 0))
        yield max(0, most - used + reclaimable)


def peak_memory() -> int | None:
    """Bytes that this process has held at most; None where nothing tells.

    Examples
    --------
    >>> (peak_memory() or 1) > 0
    True
    """
    try:  # What a process uses, as the kernel counts it for `resource`, begins with what its parent held.
        return next(_told("/proc/self/status", "VmHWM:"))
    except (OSError, StopIteration):
        pass
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def resident_memory() -> int | None:
    """Bytes that this process holds now; None where nothing tells.

    Examples
    --------
    >>> (resident_memory() or 1) > 0
    True
    """
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def in_words(size: float) -> str:
    """A number of bytes, as a person would say it.

    Examples
    --------
    >>> in_words(3 * 2**19)
    '1.5 MiB'
    >>> in_words(1010 * 2**20), in_words(2e9 * 2**50)
    ('1,010 MiB', '2,000,000,000 PiB')
    """
    units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        del units[0]
    return f"{size:.3g} {units[0]}" if size < 999.5 else f"{size:,.0f} {units[0]}"
