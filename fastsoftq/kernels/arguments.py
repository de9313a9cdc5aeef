"""Checks of a kernel's arguments, declared in its signature: `def soft_value(row: Row, temperature: Temperature)`.

Types are checked when a caller is compiled, so that no check is left in its loops. Calls from Python have their values
checked too, before the kernel runs.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from numba import types
from numba.core import errors

__all__ = ["Arguments", "Kind"]


class Kind:
    """What one argument must be."""

    allowed = "anything"

    def takes(self, t: types.Type) -> bool:
        """Whether compiled code may pass a type."""
        return True

    def checked(self, name: str, value: Any) -> Any:
        """Return a value from Python in a form that compiled code takes; raise TypeError or ValueError if it is bad."""
        return value

    def beside(self, name: str, value: Any, given: Mapping[str, Any]) -> Any:
        """Return `value` if it fits the other arguments, which have passed their own checks."""
        return value


class Arguments:
    """The arguments of one function.

    Parameters
    ----------
    function : function
        Arguments annotated with a `Kind` are checked, others are not.
    hidden : int
        How many leading arguments no caller passes, such as the typing context of an intrinsic.
    """

    def __init__(self, function: Callable[..., Any], hidden: int = 0) -> None:
        self._function = function
        parameters = list(inspect.signature(function).parameters.values())[hidden:]
        self.signature = inspect.Signature(parameters)
        self._names = tuple(parameter.name for parameter in parameters)

    @cached_property
    def _kinds(self) -> dict[str, Kind]:
        hints = typing.get_type_hints(self._function, include_extras=True)
        found = {name: getattr(hints.get(name), "__metadata__", ()) for name in self._names}
        return {name: kind for name, about in found.items() for kind in about if isinstance(kind, Kind)}

    def check_types(self, given: tuple[types.Type, ...], named: Mapping[str, types.Type]) -> None:
        """Refuse bad types from compiled code.

        Raises
        ------
        numba.core.errors.TypingError
            Names the function, the argument, its type and what is allowed.
        """
        if not self._kinds:
            return
        for name, t in self._bound(given, named, errors.TypingError).arguments.items():
            kind = self._kinds.get(name)
            if kind is not None and not kind.takes(types.unliteral(t)):
                raise errors.TypingError(f"{self._function.__name__}: {name} is {t}; it must be {kind.allowed}")

    def checked(self, given: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return arguments from Python, in order, in forms that compiled code takes.

        Raises
        ------
        TypeError, ValueError
            Names the function, the argument, its value and what is allowed.
        """
        if not named and len(given) == len(self._names):
            found = dict(zip(self._names, given, strict=True))
        else:
            bound = self._bound(given, named, TypeError)
            bound.apply_defaults()
            found = dict(bound.arguments)
        function = self._function.__name__
        for name, kind in self._kinds.items():
            found[name] = kind.checked(f"{function}: {name}", found[name])
        for name, kind in self._kinds.items():
            found[name] = kind.beside(f"{function}: {name}", found[name], found)
        return tuple(found.values())

    def _bound(self, given: Any, named: Any, error: type[Exception]) -> inspect.BoundArguments:
        try:
            return self.signature.bind(*given, **named)
        except TypeError as told:
            raise error(f"{self._function.__name__}: {told}") from None
