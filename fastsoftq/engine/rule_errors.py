"""One line on a rule that does not compile, where Numba gives a hundred, mostly of our own loops."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numba
from numba import types
from numba.core import errors

from fastsoftq.agents.memory_rules import (
    adapted,
    backed_up,
    beside,
    estimate,
    learn_beside,
    pass_back,
    rewarded,
    value_ahead,
    visited,
)
from fastsoftq.agents.rules import act, bootstrap, learn, rule_names, update_summary, watched
from fastsoftq.engine.planes import numbers_within
from fastsoftq.kernels.cache import classes_in
from fastsoftq.kernels.jit import without_collector
from fastsoftq.kernels.rule_families import Call, calls_of
from fastsoftq.kernels.simd import element

__all__ = ["RuleError", "compiling", "rule_error"]

_ADVICE = (
    "Rules run on one number and on many at once: use arithmetic, comparisons, loops over actions, "
    "`select(condition, a, b)`, `minimum`, `maximum`, `fma` (fastsoftq.kernels.simd), `exp2`, `log2` "
    "(fastsoftq.kernels.numerics)"
)
_NUMBERS = (backed_up, bootstrap, estimate, learn, pass_back, rewarded, value_ahead)
_RETURNS = {act: ("an int32", types.Integer), **dict.fromkeys(_NUMBERS, ("a number", types.Number))}


class RuleError(errors.TypingError):
    """A rule of an agent that cannot be compiled; its cause is what Numba says."""


@contextlib.contextmanager
def compiling(signature: tuple[Any, ...]) -> Iterator[None]:
    """Within, a loop is compiled: the garbage collector is off, and what is wrong with a rule is told in one line.

    Parameters
    ----------
    signature : tuple of Numba types
        Of the loop's arguments.

    Raises
    ------
    RuleError
        A rule cannot be compiled.
    """
    calls: list[Call] = []
    try:
        with without_collector(), watched(lambda *call: calls.append(call)):
            yield
    except Exception as error:
        told = rule_error(calls, error)
        if told is error:  # Numba resolves a call once only: what a loop before this one failed at is not watched again
            told = rule_error(calls_of(set(classes_in(signature))), error)
        if told is error:
            raise
        raise told from error


def rule_error(calls: Iterable[Call], cause: Exception) -> Exception:
    """The error to raise where a loop does not compile; it names the rule at fault, if one is.

    Parameters
    ----------
    calls : iterable of tuple
        The rules that the loop calls, as `watched` reports them.
    cause : Exception
        What compiling the loop raised.

    Returns
    -------
    RuleError
        Or `cause`, if every rule compiles and returns the right type.
    """
    missing = re.search(r"\w+ has no rule '\w+'", str(cause))
    if missing:
        return RuleError(f"{missing[0]}, which every agent needs")
    found = [fault for call in calls if (fault := _fault(*call)) is not None]
    # A rule may fail because a rule that it calls does, as Frozen's: that one is at fault.
    own = [message for message, of_another in found if not of_another] or [message for message, _ in found]
    return RuleError(own[0]) if own else cause


def _fault(
    generic: Callable[..., Any], implementation: Callable[..., Any], arguments: tuple[Any, ...]
) -> tuple[str, bool] | None:
    """The fault of a rule by itself, and whether it lies in another rule."""
    name = f"the rule {generic.__name__!r} of {arguments[0].instance_class.__name__}"
    rule = numba.njit(error_model="numpy")(implementation)
    try:
        rule.compile(arguments)
    except Exception as error:
        of_another = re.search(rf"Function\(<function ({'|'.join(rule_names())}) at", str(error)) is not None
        return f"{name} cannot be compiled{_place(error, implementation)}: {_reason(error)}", of_another
    returned = rule.overloads[arguments].signature.return_type
    kept = _fault_of_parts(generic, returned, arguments)
    if kept is not None:
        return f"{name} returns {returned}{_place(TypeError(), implementation)}; {kept}", False
    what, kind = _RETURNS.get(generic, ("", types.Type))
    return (
        (f"{name} returns {returned}; it must return {what}", False)
        if not isinstance(_number(returned), kind)
        else None
    )


def _fault_of_parts(generic: Callable[..., Any], returned: Any, arguments: tuple[Any, ...]) -> str | None:
    """What a rule must return that gives more than a number, where it returns something else."""
    if generic is adapted:
        same = getattr(returned, "instance_class", None) is arguments[0].instance_class
        return None if same else "it must return the agent, as `with_step_size` of fastsoftq.agents.replacing does"
    if generic is update_summary and (not isinstance(returned, types.BaseTuple) or len(returned) != 2):
        return "it must return the summary, and whether that is stale"
    if generic is beside:
        floats = all(t == types.float64 for t in numbers_within(returned))
        return None if floats else "it must return a NamedTuple of floats, or None"
    if generic is learn_beside and (not isinstance(returned, types.BaseTuple) or len(returned) != 2):
        return "it must return the new entry, and what is kept beside it"
    if generic not in (learn_beside, visited):
        return None
    room = len(numbers_within(arguments[2 if generic is learn_beside else 1]))
    given = len(numbers_within(returned.types[1] if generic is learn_beside else returned))
    return (
        None if given == room else f"it must give {room} numbers to keep beside an entry, as 'beside' does, not {given}"
    )


def _number(t: Any) -> Any:
    """The type of a number, or of each number of a vector."""
    try:
        return element(t)
    except Exception:
        return t


def _reason(error: Exception) -> str:
    """The gist of Numba's message, in one line."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    if "truth(" in text or "<class 'bool'>" in text:
        return f"`if`, `while`, `and`, `or` and `not` cannot ask many numbers at once. {_ADVICE}"
    builtin = re.search(r"<built-in function (min|max)>", text)
    if builtin:
        return f"`{builtin[1]}` knows no vectors, `{builtin[1]}imum` does. {_ADVICE}"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("Failed in")] or [type(error).__name__]
    reason = lines[0] if len(lines) == 1 or not lines[0].endswith(":") else f"{lines[0]} {lines[1].lstrip('> ')}"
    return f"{reason}. {_ADVICE}" if "Vec(" in text else reason


def _place(error: Exception, implementation: Callable[..., Any]) -> str:
    """The line of the rule that Numba names, or its first."""
    code = implementation.__code__
    for path, line in re.findall(r'File "(.+?)", line (\d+)', str(error)):
        if Path(path).resolve() == Path(code.co_filename).resolve():
            return f" ({code.co_filename}, line {line})"
    return f" ({code.co_filename}, line {code.co_firstlineno})"
