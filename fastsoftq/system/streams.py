"""Standard output and error that take all text: in any encoding, even if the reader has gone or they are closed.

A result must not be lost because a table of it cannot be shown. A full disk is still an error.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import sys

__all__ = ["counted", "give_up_stdout", "in_a_line", "mend_streams", "say", "shown"]

# What an encoding may lack, in ASCII; any other character is written as its number.
_IN_ASCII = {
    "\N{MINUS SIGN}": "-",
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{PLUS-MINUS SIGN}": "+-",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{RIGHTWARDS ARROW}": "->",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{GREEK SMALL LETTER ALPHA}": "alpha",
    "\N{GREEK SMALL LETTER BETA}": "beta",
    "\N{GREEK SMALL LETTER GAMMA}": "gamma",
    "\N{GREEK SMALL LETTER EPSILON}": "epsilon",
    "\N{GREEK SMALL LETTER PI}": "pi",
}
_ERRORS = "fastsoftq-in-ascii"
# Characters that a terminal obeys instead of showing; the ends of lines and tabs are text.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def mend_streams() -> None:
    """Make standard output and error take all text, whatever they are; text to closed ones is dropped.

    Examples
    --------
    >>> import subprocess
    >>> script = "from fastsoftq.system.streams import mend_streams; mend_streams(); print(chr(0x3c0))"
    >>> run = {"capture_output": True, "env": os.environ | {"PYTHONIOENCODING": "ascii"}}
    >>> subprocess.run([sys.executable, "-c", script], **run).stdout.split()
    [b'pi']
    """
    codecs.register_error(_ERRORS, _in_ascii)
    # The next file to be opened would get the number of a closed stream, and with it what is printed.
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        before = getattr(sys, name)
        if before is None or isinstance(before, io.TextIOWrapper):
            setattr(sys, name, _mended(before, descriptor))


def shown(text: str) -> str:
    r"""Text that a terminal shows and does not obey: its control characters are written as numbers.

    Examples
    --------
    >>> print(shown("a\x1b[2Jb"))
    a\x1b[2Jb
    """
    return _OBEYED.sub(lambda found: _numbered(found[0]), text)


def in_a_line(text: str) -> str:
    r"""Text that may hold line ends, as a part of one line.

    Examples
    --------
    >>> print(in_a_line("two\nlines"))
    two\nlines
    """
    return text.replace("\n", "\\n")


def counted(number: int, what: str) -> str:
    """A number of things, in words.

    Examples
    --------
    >>> counted(1, "chunk"), counted(1200, "chunk")
    ('1 chunk', '1,200 chunks')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def say(text: str) -> None:
    """Print a line, or lines, on standard output.

    Examples
    --------
    >>> say("done")
    done
    """
    print(shown(text))


def give_up_stdout() -> None:
    """Drop what standard output still buffers, once it cannot be written.

    Examples
    --------
    >>> import subprocess
    >>> script = "from fastsoftq.system import streams; streams.mend_streams(); streams.give_up_stdout(); print(1)"
    >>> subprocess.run([sys.executable, "-c", script], capture_output=True).stdout
    b''
    """
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.close(nothing)


def _mended(before: io.TextIOWrapper | None, descriptor: int) -> io.TextIOWrapper:
    buffer = io.BufferedWriter(_Forgiving(descriptor, "w", closefd=False))
    if before is None:
        return io.TextIOWrapper(buffer, "utf-8", _ERRORS)
    before.flush()
    return io.TextIOWrapper(
        buffer,
        before.encoding,
        _ERRORS,
        line_buffering=before.line_buffering or descriptor == 2,
        write_through=before.write_through,
    )


class _Forgiving(io.FileIO):
    """A file whose reader may leave early, as `head` does: the rest goes nowhere; so do errors that cannot be told."""

    def write(self, data: object) -> int:
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError as error:
            if self.fileno() != 2 and not isinstance(error, BrokenPipeError):
                raise
            return memoryview(data).nbytes  # type: ignore[arg-type]


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_IN_ASCII.get(character) or _numbered(character) for character in lacking), error.end


def _numbered(character: str) -> str:
    """A character as its number; one that stands for a byte of a file's name as that byte."""
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:
        number -= 0xDC00
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
