"""Studies: what is run, how it is stored and resumed, and how it is read back.

The public names load on first use. `run` and `open_results` are all that most programs need beside `Study`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

# Where each public name lives.
_HOME = {
    "Condition": "fastsoftq.studies.conditions",
    "DamagedError": "fastsoftq.studies.storing.zarr_files",
    "Estimate": "fastsoftq.studies.estimating",
    "FolderError": "fastsoftq.studies.plan",
    "Choices": "fastsoftq.studies.tuning.spaces",
    "Range": "fastsoftq.studies.tuning.spaces",
    "Results": "fastsoftq.studies.results",
    "Selection": "fastsoftq.studies.selection",
    "Stop": "fastsoftq.studies.stopping",
    "Study": "fastsoftq.studies.study",
    "export": "fastsoftq.studies.exporting.exporting",
    "estimate": "fastsoftq.studies.estimating",
    "open_results": "fastsoftq.studies.results",
    "phase_records": "fastsoftq.studies.study_records",
    "read_study": "fastsoftq.studies.toml",
    "run": "fastsoftq.studies.running",
    "tune": "fastsoftq.studies.tuning.tuning",
}

__all__ = [
    "Choices",
    "Condition",
    "DamagedError",
    "Estimate",
    "FolderError",
    "Range",
    "Results",
    "Selection",
    "Stop",
    "Study",
    "estimate",
    "export",
    "open_results",
    "phase_records",
    "read_study",
    "run",
    "tune",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if TYPE_CHECKING:
    from fastsoftq.studies.conditions import Condition as Condition
    from fastsoftq.studies.estimating import Estimate as Estimate
    from fastsoftq.studies.estimating import estimate as estimate
    from fastsoftq.studies.exporting.exporting import export as export
    from fastsoftq.studies.plan import FolderError as FolderError
    from fastsoftq.studies.results import Results as Results
    from fastsoftq.studies.results import open_results as open_results
    from fastsoftq.studies.running import run as run
    from fastsoftq.studies.selection import Selection as Selection
    from fastsoftq.studies.stopping import Stop as Stop
    from fastsoftq.studies.storing.zarr_files import DamagedError as DamagedError
    from fastsoftq.studies.study import Study as Study
    from fastsoftq.studies.study_records import phase_records as phase_records
    from fastsoftq.studies.toml import read_study as read_study
    from fastsoftq.studies.tuning.spaces import Choices as Choices
    from fastsoftq.studies.tuning.spaces import Range as Range
    from fastsoftq.studies.tuning.tuning import tune as tune
