"""The effect of Ctrl-C at each moment of the command. Light to import, since it must be first."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from threading import Event

__all__ = ["STATUS", "interruptible", "leave", "leave_on_ctrl_c", "prompt"]

STATUS = 130  # what shells expect of a command that Ctrl-C ended


def leave(*_: Any) -> NoReturn:
    """End the process with one line on standard error; a handler of signals too.

    `sys.exit` would wait for threads first, and then end by the signal if Ctrl-C had come within `exec` (as when a
    named tuple is made), even if that was caught.

    Examples
    --------
    >>> import subprocess, sys
    >>> script = "from fastsoftq.system.interruption import leave; leave()"
    >>> subprocess.run([sys.executable, "-c", script], capture_output=True).returncode
    130
    """
    shows_cursor = "\033[?25h\n" if os.isatty(2) else ""  # a progress bar hides it
    with contextlib.suppress(OSError):
        os.write(2, f"{shows_cursor}fastsoftq: interrupted\n".encode())
    os._exit(STATUS)


def leave_on_ctrl_c() -> None:
    """From now on, let Ctrl-C end the process at once: nothing has been begun, or all is done.

    An exception could get lost on its way out of an import or of the interpreter's own end, or show a traceback.
    Where Ctrl-C is ignored, as by `nohup`, it stays so.

    Examples
    --------
    >>> import subprocess, sys
    >>> script = "import fastsoftq.system.interruption as i, signal; i.leave_on_ctrl_c(); signal.raise_signal(2)"
    >>> subprocess.run([sys.executable, "-c", script], capture_output=True).stderr.decode().split()[-1]
    'interrupted'
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, leave)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Within, Ctrl-C is a KeyboardInterrupt, so that what was begun can be put in order.

    Examples
    --------
    >>> with interruptible():
    ...     print("working")
    working
    """
    before = signal.getsignal(signal.SIGINT)
    if before is leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def prompt(patience: float = 0.6) -> Iterator[None]:
    """Let Ctrl-C end the process soon, even in the middle of a long compilation.

    Python tells the main thread of a signal only between two instructions of its own, and an exception raised in a
    compiler's callback is lost. So a thread that hears of it too gives the main thread a while to leave in good order.

    Parameters
    ----------
    patience : float
        Seconds of that while, on the clock and of the process's own time: where others are at work too it lasts longer,
        but no more than three times as long.

    Examples
    --------
    >>> with prompt():
    ...     print("compiling")
    compiling
    """
    import threading

    left = threading.Event()
    hears, tells = os.pipe()
    os.set_blocking(tells, False)
    before = signal.set_wakeup_fd(tells, warn_on_full_buffer=False)

    def listen() -> None:
        while heard := os.read(hears, 1):
            if heard[0] == signal.SIGINT and not _comes_within(left, patience):
                leave()
        os.close(hears)

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield
    finally:
        left.set()
        signal.set_wakeup_fd(before)
        os.close(tells)


def _comes_within(event: Event, patience: float) -> bool:
    """Whether an event comes before a process that has its processors to itself would have run for so long."""
    began, ran = time.monotonic(), time.process_time()
    while not event.wait(patience / 20):
        waited = time.monotonic() - began
        if waited >= 3 * patience or min(waited, time.process_time() - ran) >= patience:
            return False
    return True
