"""Why a rule of an environment cannot be compiled, in one line."""

from __future__ import annotations

import re

__all__ = ["fault_of"]


def fault_of(error: Exception) -> str:
    """Tell in one line what rule cannot be compiled, and why: the gist of Numba's message.

    Examples
    --------
    >>> from numba.core import errors
    >>> fault_of(errors.TypingError("NameError: name 'x' is not defined"))
    "its rules cannot be compiled: NameError: name 'x' is not defined"
    """
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    lines = [line.strip(" >") for line in text.splitlines()]
    rules = re.findall(r"Function\(<function (reset|step|observe) at", text)
    kinds = "Unknown attribute", "NameError", "Untyped global", "Cannot unify", "wrong tuple length", "failed to unpack"
    told = next((line for kind in kinds for line in lines if kind in line), "")
    calls = re.findall(r"found for signature:\s+>>> (?!(?:reset|step|observe)\()(.+)", text)
    if not told and calls:  # the innermost: others call the rule that has it
        told = f"there is no {calls[-1]}"
    others = [line for line in lines if line and not line.startswith("Failed in")]
    of_callers = "No implementation", "Invalid use", ""  # where nothing else is said
    told = told or next((line for kind in of_callers for line in others if kind in line), type(error).__name__)
    file = re.search(r'File "([^"]+)", line (\d+)', text)
    place = f" ({file[1]}, line {file[2]})" if file else ""
    return f"its rule{f' {rules[0]!r}' if rules else 's'} cannot be compiled{place}: {told.strip()}"
