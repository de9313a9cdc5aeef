"""What there is to train on."""

from __future__ import annotations

import platform
from typing import NamedTuple

from fastsoftq import checks
from fastsoftq.engine.gpu.driver import GpuError, cards
from fastsoftq.engine.gpu.layout import OLDEST
from fastsoftq.kernels.targets import here

__all__ = ["Device", "devices"]


class Device(NamedTuple):
    """A processor, or a card.

    Examples
    --------
    >>> devices()[0].name
    'cpu'
    """

    name: str  # what `train(..., device=name)` calls it
    what: str
    can: str  # what it can do, in words
    trains: bool


def devices() -> list[Device]:
    """The devices of this machine, the CPU first.

    Returns
    -------
    list of Device
        What cannot be used is there too, and says why.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.devices()[0].trains
    True
    """
    threads, lanes = checks.threads(None), here().lanes
    found = [
        Device(
            "cpu",
            platform.processor() or platform.machine(),
            f"{threads} thread{'s' if threads > 1 else ''}, {lanes} runs to a vector",
            True,
        )
    ]
    try:
        there = cards()
    except GpuError as error:
        return [*found, Device("cuda", "", str(error), False)]
    for number, card in enumerate(there):
        old = card.capability < OLDEST
        found.append(
            Device(
                f"cuda:{number}",
                card.name,
                "too old: compute capability {}.{}, at least {}.{} is needed".format(*card.capability, *OLDEST)
                if old
                else f"{card.memory / 2**30:.0f} GiB, {card.multiprocessors} multiprocessors, "
                f"compute capability {card.capability[0]}.{card.capability[1]}",
                not old,
            )
        )
    return found
