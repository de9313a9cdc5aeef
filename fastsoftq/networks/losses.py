"""Losses: what is made small."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Huber", "Squared"]


class Squared(NamedTuple):
    """Half the squared error."""


class Huber(NamedTuple):
    """Half the squared error, and linear beyond a threshold (Huber 1964)."""

    threshold: float = 1.0
