"""Numbers that a kernel knows, kept in registers.

A GPU's instructions hold few such numbers, so that an assembler spends one or two moves on each wherever it is used: a
fifth of the instructions of a soft step. Loaded once, from memory that it must think may change, they stay where they
are; a thread has registers to spare where few run at a time.
"""

from __future__ import annotations

import re
import struct

__all__ = ["kept_in_registers"]

_NAME = "constants"
_NUMBER = r"0x[0-9A-Fa-f]{16}|-?\d\.\d+e[+-]\d+"
_VECTOR = re.compile(rf"splat \((float|double) ({_NUMBER})\)")  # of one lane
_ALONE = re.compile(rf"\b(float|double) ({_NUMBER})(?=[,)]|$)")
_SECOND = re.compile(rf"(?<=, )({_NUMBER})(?=,|$)")  # an operand whose type is said before the first


def kept_in_registers(text: str, entry: str) -> str:
    r"""LLVM's text of an optimised module, in which a function loads its numbers when it begins.

    Parameters
    ----------
    text : str
    entry : str
        The function's name.

    Returns
    -------
    str

    Examples
    --------
    >>> text = "define double @scaled(double %x) {\n  %y = fmul double %x, 0x3FB999999999999A\n  ret double %y\n}"
    >>> print(kept_in_registers(text, "scaled").splitlines()[3].strip())
    %y = fmul double %x, %double.0
    """
    head, begin, body = text.partition(next(line for line in text.split("\n") if _defines(line, entry)) + "\n")
    body, end, tail = body.partition("\n}")
    label = re.match(r'[\w.$"-]+:[^\n]*\n', body)
    label_text = label[0] if label else ""
    found: dict[tuple[str, str], str] = {}
    lines = [_line(line, found) for line in body[len(label_text) :].split("\n")]
    globals_, loads = [], []
    for kind in ("double", "float"):
        numbers = [number for of, number in found if of == kind]
        if numbers:
            array = f"[{len(numbers)} x {kind}]"
            values = ", ".join(f"{kind} {number}" for number in numbers)
            globals_.append(
                f"@{_NAME}.{kind} = internal addrspace(1) externally_initialized global {array} [{values}], align 8"
            )
            for i, number in enumerate(numbers):
                name = found[kind, number]
                place = f"getelementptr ({array}, ptr addrspace(1) @{_NAME}.{kind}, i64 0, i64 {i})"
                loads.append(f"  {name} = load {kind}, ptr addrspace(1) {place}")
                loads.append(f"  {name}.1 = bitcast {kind} {name} to <1 x {kind}>")
    function = [head, begin, label_text, *(f"{load}\n" for load in loads), "\n".join(lines), end, tail]
    return "".join(function).rstrip("\n") + "".join(f"\n{line}" for line in globals_) + "\n"


def _defines(line: str, name: str) -> bool:
    return line.startswith("define ") and f"@{name}(" in line


def _line(line: str, found: dict[tuple[str, str], str]) -> str:
    """An instruction, with registers in place of numbers that it cannot hold."""
    kind = "double" if "double" in line else "float" if "float" in line and ".fma." in line else None
    if kind is None or " = phi " in line or line.lstrip().startswith("store "):
        return line

    def register(number: str, of: str) -> str | None:
        if of == "double" and _bits(number) & 0xFFFFFFFF == 0:
            return None  # an instruction holds the upper half
        return found.setdefault((of, number), f"%{of}.{sum(known == of for known, _ in found)}")

    line = _VECTOR.sub(lambda m: f"{name}.1" if (name := register(m[2], m[1])) else m[0], line)
    line = _ALONE.sub(lambda m: f"{m[1]} {name}" if (name := register(m[2], m[1])) else m[0], line)
    return _SECOND.sub(lambda m: register(m[1], kind) or m[0], line)


def _bits(number: str) -> int:
    """Of a double."""
    if number.startswith("0x"):
        return int(number, 16)
    found: int = struct.unpack("<Q", struct.pack("<d", float(number)))[0]
    return found
