"""An experiment's folder, as `reproduce` writes it, read for a report."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.report.folder import Condition, Figure, Learning, Results
from fastsoftq.studies.provenance import checked_provenance

__all__ = ["FINDINGS", "read_experiment"]

FINDINGS = "findings.json"
_RUN, _CURVES, _SUMMARY = "run.json", "curves.npz", "summary.csv"


def read_experiment(folder: Path) -> Results:
    """Read the folder of an experiment.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    Results

    Raises
    ------
    ValueError
        A file is missing, or is not as it was written.
    """
    try:
        words = json.loads((folder / FINDINGS).read_bytes())
        run = checked_provenance(json.loads((folder / _RUN).read_bytes()))
        with np.load(folder / _CURVES) as arrays:
            kept = set(arrays.files)
        return Results(
            folder=folder,
            name=words["experiment"],
            heading=words["heading"],
            run=run,
            sentences=words["sentences"],
            title=words["title"],
            header=words["table"]["header"],
            rows=words["table"]["rows"],
            caption=words["table"]["caption"],
            figures=[
                Figure(name, text, (folder / f"{_plain_name(name)}.svg").read_bytes())
                for name, text in words["figures"].items()
            ],
            summary=(folder / _SUMMARY).read_bytes(),
            conditions=[
                Condition(
                    name, agent["label"], _colour(agent["colour"]), agent["settings"], _Archived(folder / _CURVES, name)
                )
                for name, agent in words["agents"].items()
                if f"{name}_returns" in kept
            ],
        )
    except KeyError as error:
        raise ValueError(f"'{folder}' holds results that cannot be read: there is no {error}") from error
    except (OSError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise ValueError(f"'{folder}' holds results that cannot be read: {error}") from error


def _plain_name(name: str) -> str:
    """The name of a file of the folder, which does not lead out of it."""
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise ValueError(f"a figure is called {name!r}")
    return name


def _colour(text: Any) -> str:
    """A colour, and not a piece of a page."""
    if not re.fullmatch(r"#[0-9a-f]{6}", text):
        raise ValueError(f"a colour is {text!r}")
    return str(text)


class _Archived(NamedTuple):
    """A condition's curves in `curves.npz`."""

    path: Path
    name: str

    def __call__(self) -> Learning:
        with np.load(self.path) as arrays:

            def exact(name: str) -> NDArray[np.float64] | None:
                key = f"{self.name}_{name}_exact"
                return arrays[key] if key in arrays.files else None

            def bounds(name: str) -> tuple[float, float] | None:
                return tuple(arrays[f"{name}_bounds"].tolist()) if f"{name}_bounds" in arrays.files else None

            returns, lengths, truncated = (arrays[f"{self.name}_{x}"] for x in ("returns", "lengths", "truncated"))
            expected = exact("returns"), exact("lengths")
            return Learning(
                returns, lengths, truncated, arrays["seeds"], *expected, bounds("returns"), bounds("lengths")
            )
