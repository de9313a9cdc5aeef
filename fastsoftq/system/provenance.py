"""Where results come from: versions, commit, processor, time."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

__all__ = ["checked_provenance", "provenance"]

_PACKAGES = ("numba", "llvmlite", "numpy", "numcodecs")


def provenance(*, brief: bool = False) -> dict[str, Any]:
    """Describe this process: versions, commit, processor, time.

    Parameters
    ----------
    brief : bool
        Only what may differ from one chunk to the next.

    Returns
    -------
    dict

    Examples
    --------
    >>> sorted(provenance(brief=True))
    ['cpu', 'fastsoftq', 'host']
    """
    own = {"fastsoftq": _version("fastsoftq") or "unknown", "host": platform.node(), "cpu": processor()}
    if brief:
        return own
    return {
        **own,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "versions": {name: _version(name) for name in _PACKAGES},
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
    }


def checked_provenance(data: Any) -> dict[str, Any]:
    """Return recorded provenance if it has the form that `provenance` gives; every entry is optional.

    Raises
    ------
    ValueError
        It has another form.

    Examples
    --------
    >>> checked_provenance({"host": 3})
    Traceback (most recent call last):
    ValueError: it does not say which process made it
    """
    forms = {"fastsoftq": str, "host": str, "cpu": str, "time": str, "python": str, "platform": str}
    known = isinstance(data, dict) and all(
        isinstance(data.get(name, form()), form) for name, form in (forms | {"versions": dict, "command": list}).items()
    )
    if not known or not all(isinstance(word, str) for word in data.get("command", ())):
        raise ValueError("it does not say which process made it")
    return dict(data)


@cache
def processor() -> str:
    """The processor's name.

    Examples
    --------
    >>> len(processor()) > 0
    True
    """
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    """The commit of the package's sources, if they are a checkout; "+" marks later edits."""
    package = Path(__file__).parents[1]
    if not (package.parent / ".git").exists():
        return None
    git = ["git", "-C", str(package)]
    try:
        commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=True)
        edits = subprocess.run([*git, "status", "--porcelain", "."], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return commit.stdout.strip() + ("+" if edits.stdout.strip() else "")
