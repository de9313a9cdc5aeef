"""The command devices: what there is to train on."""

from __future__ import annotations

import sys

from fastsoftq.system.streams import in_a_line, say

__all__ = ["list_devices"]

_HOW = (
    "For a GPU: an NVIDIA card of compute capability {}.{} or newer, its driver for CUDA 13, and cuda-core "
    "(pip install 'fastsoftq[cuda]'); nothing else of CUDA is needed."
)


def list_devices() -> None:
    """List what there is to train on, and what each can do; name one by --device."""
    from fastsoftq.engine.gpu.layout import OLDEST
    from fastsoftq.hardware import devices

    found = devices()
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        drawn = Table(box=None, pad_edge=False)
        for heading in ("--device", "what", "trains", "with"):
            drawn.add_column(heading, overflow="fold")
        for device in found:
            drawn.add_row(*map(Text, (device.name, device.what, "yes" if device.trains else "no", device.can)))
        Console().print(drawn)
    else:
        for device in found:
            what = f" ({in_a_line(device.what)})" if device.what else ""
            say(f"{device.name}{what}: {'' if device.trains else 'no: '}{in_a_line(device.can)}")
    gpus = [device.name for device in found if device.trains and device.name.startswith("cuda:")]
    if len(gpus) > 1:
        say(f"cuda: all of {', '.join(gpus)}, an even share of the seeds on each")
    if not gpus:
        say(_HOW.format(*OLDEST))
