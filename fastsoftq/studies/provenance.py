"""How results came about: the machine and the versions, for whoever wants to repeat them."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

import fastsoftq

__all__ = ["provenance"]

_LIBRARIES = ("numpy", "numba", "llvmlite", "scipy", "matplotlib")


def provenance() -> dict[str, object]:
    """Describe the machine and the software, as plain data.

    Returns
    -------
    dict
        `fastsoftq`, `python`, `libraries` (name: version), `system`, `processor` and `cores` (those this process may
        use).
    """
    return {
        "fastsoftq": fastsoftq.__version__,
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in _LIBRARIES},
        "system": platform.platform(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    }


def _processor() -> str:
    """The processor's own name where the system tells it (Linux), its kind elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
