"""Which folders compiled code may be loaded from: only those that nobody else can write to.

The rules are those of ssh for keys: a folder and all those above it belong to the user or to root, and nobody else can
write there. A sticky folder such as /tmp may lie above, and a group that is the user's alone may write.
"""

from __future__ import annotations

import os
import stat
from functools import cache
from pathlib import Path

__all__ = ["is_own", "why_not_trusted"]


def why_not_trusted(folder: Path) -> str | None:
    """Return why others can change the files of a folder, if they can.

    Parameters
    ----------
    folder : Path
        Exists.

    Returns
    -------
    str or None
        None also where files have no owners, as on Windows.

    Examples
    --------
    >>> why_not_trusted(Path("/")) is None
    True
    """
    if not hasattr(os, "geteuid"):
        return None
    here = folder.resolve()
    for place in (here, *here.parents):
        status = place.stat()
        if not _is_owner(status):
            return f"{place} belongs to another user ({status.st_uid})"
        sticky = place != here and status.st_mode & stat.S_ISVTX
        if not sticky and _others_write(status):
            return f"others can write to {place} (mode {stat.S_IMODE(status.st_mode):04o})"
    return None


def is_own(file: int) -> bool:
    """Whether an open file belongs to the user or to root, and nobody else can write to it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryFile() as file:
    ...     is_own(file.fileno())
    True
    """
    if not hasattr(os, "geteuid"):
        return True
    status = os.fstat(file)
    return _is_owner(status) and not _others_write(status)


def _is_owner(status: os.stat_result) -> bool:
    return status.st_uid in (0, os.geteuid())


def _others_write(status: os.stat_result) -> bool:
    group = status.st_mode & stat.S_IWGRP and not _is_private(status.st_gid)
    return bool(group or status.st_mode & stat.S_IWOTH)


@cache
def _is_private(group: int) -> bool:
    """Whether a group is the user's own, as many systems give each user one."""
    import grp
    import pwd

    try:
        user, members = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return user.pw_gid == group and members.gr_name == user.pw_name and set(members.gr_mem) <= {user.pw_name}
