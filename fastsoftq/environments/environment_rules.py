"""The rules of an environment: all that training knows of it."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Description"]


class Description(NamedTuple):
    """What is asked of an environment before training."""

    n_actions: int
    shape: tuple[int, ...]
    max_steps: int
