"""The control groups of this process, by which containers and schedulers limit its resources."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

__all__ = ["control_groups"]

_GROUPS = Path("/sys/fs/cgroup")
_OF_THIS_PROCESS = Path("/proc/self/cgroup")


def control_groups(controller: str) -> Iterator[Path]:
    """The folders of the groups that a controller may limit, innermost first; none where the system has no groups.

    Parameters
    ----------
    controller : str
        Its name in version 1: "memory", "cpu". Groups of version 2 have all of them.

    Yields
    ------
    Path
        It may hold no limits.

    Examples
    --------
    >>> folders = list(control_groups("memory"))
    >>> all(isinstance(folder, Path) for folder in folders)
    True
    """
    try:
        lines = _OF_THIS_PROCESS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "" or controller in controllers.split(","):
            root = _GROUPS / controllers
            group = root / path.lstrip("/")
            for folder in (group, *group.parents):
                yield folder
                if folder == root:
                    break
