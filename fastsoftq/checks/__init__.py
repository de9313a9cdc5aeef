"""Checks of arguments: a bad value is refused before any work, by its name, with what is allowed.

Each check returns the value in a plain form, or raises TypeError or ValueError. Of the package they import `system`
only.
"""

from fastsoftq.checks.arrays import array, ascending_counts, distribution, every, finite
from fastsoftq.checks.names import choice, flag, generator, rows, text
from fastsoftq.checks.numbers import (
    LARGEST,
    MOST,
    count,
    in_unit_interval,
    index,
    not_negative,
    number,
    positive,
    real,
    reward,
    reward_scale,
    temperature,
    threads,
    whole,
)
from fastsoftq.checks.plain import shown, unmasked

__all__ = [
    "LARGEST",
    "MOST",
    "array",
    "ascending_counts",
    "choice",
    "count",
    "distribution",
    "every",
    "finite",
    "flag",
    "generator",
    "in_unit_interval",
    "index",
    "not_negative",
    "number",
    "positive",
    "real",
    "reward",
    "reward_scale",
    "rows",
    "shown",
    "temperature",
    "text",
    "threads",
    "unmasked",
    "whole",
]
