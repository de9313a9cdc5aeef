"""Rules: functions whose implementation compiled code picks by the type of their first argument.

Those of agents (`agents/rules.py`) are one family, those of environments (`environments/environment_rules.py`) another.
A class follows a family's rules, or belongs to it, once it has all that the family requires.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any

from numba import types
from numba.core import errors
from numba.extending import overload

from fastsoftq.kernels.jit import INTO_CALLERS
from fastsoftq.kernels.sources import depends_on, edited_since_compiled, is_compiled

__all__ = ["Call", "RuleFamily", "calls_of", "check_unedited", "rule", "watched"]

Call = tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...]]  # a rule, its implementation, arguments' types

_watchers: list[Callable[..., None]] = []
_calls: dict[tuple[Any, ...], Call] = {}  # all that compiled code has made: Numba resolves each once only


class RuleFamily:
    """The rules that one kind of thing has.

    Parameters
    ----------
    member : str
        What a thing is called that follows them, such as "agent".

    Attributes
    ----------
    implementations : dict
        Of each rule, by class.

    Examples
    --------
    >>> from typing import NamedTuple
    >>> ellipses = RuleFamily("ellipse")
    >>> @ellipses.required
    ... def area(ellipse):
    ...     "How large it is."
    >>> class Disc(NamedTuple):
    ...     radius: float
    >>> @rule(area, Disc)
    ... def _(disc):
    ...     return 3.0 * disc.radius * disc.radius
    >>> from fastsoftq.kernels.jit import compiled
    >>> @compiled
    ... def twice(ellipse):
    ...     return 2.0 * area(ellipse)
    >>> ellipses.has(Disc), twice(Disc(2.0))
    (True, 24.0)
    """

    def __init__(self, member: str) -> None:
        self.member = member
        self.implementations: dict[Callable[..., Any], dict[type, Callable[..., Any]]] = {}
        _families.append(self)

    def required(self, generic: Callable[..., Any]) -> Callable[..., Any]:
        """Make a function a rule that every member needs."""
        generic.required = True  # type: ignore[attr-defined]
        return self.dispatched(generic)

    def dispatched(self, generic: Callable[..., Any]) -> Callable[..., Any]:
        """Let compiled code call `generic`: the member's own implementation or, where it has none, the body given."""
        known = self.implementations[generic] = {}

        @overload(generic, jit_options=INTO_CALLERS, strict=False)
        def _resolve(member, *arguments):
            if not isinstance(member, types.BaseNamedTuple):
                return None
            found = known.get(member.instance_class, None if hasattr(generic, "required") else generic)
            if found is None:
                raise errors.TypingError(f"{member.instance_class.__name__} has no rule {generic.__name__!r}")
            _calls[generic, member, *arguments] = call = (generic, found, (member, *arguments))
            for watcher in _watchers:
                watcher(*call)
            return found

        return generic

    def names(self) -> list[str]:
        """The rules by name, in alphabetical order."""
        return sorted(generic.__name__ for generic in self.implementations)

    def classes(self) -> list[type]:
        """Every class that has the rules it needs, oldest first."""
        required = [classes for generic, classes in self.implementations.items() if hasattr(generic, "required")]
        return [cls for cls in required[0] if all(cls in classes for classes in required)]

    def has(self, cls: type) -> bool:
        """Whether a class has the rules it needs."""
        return not self.missing(cls)

    def missing(self, cls: type) -> list[str]:
        """The rules that a class needs and does not have, by name."""
        return [
            generic.__name__
            for generic, classes in self.implementations.items()
            if hasattr(generic, "required") and cls not in classes
        ]


_families: list[RuleFamily] = []


def rule(generic: Callable[..., Any], *classes: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated function as the rule `generic` of some agents, or of some environments.

    Parameters
    ----------
    generic : function
        A rule: one of `fastsoftq.agents.rules`, or `fastsoftq.environments.step` and those beside it.
    *classes : type
        NamedTuple classes.

    Raises
    ------
    TypeError
        Something that is not a rule, or not a NamedTuple class, or no class; what is no plain function, does not take
        the rule's arguments, or prints; a new rule for a class that is already compiled.

    Examples
    --------
    Double the values that Q-learning bootstraps on:

    >>> import fastsoftq as fsq
    >>> from typing import NamedTuple
    >>> from fastsoftq.agents.epsilon_greedy import epsilon_greedy
    >>> from fastsoftq.agents.rules import bootstrap, known_agents
    >>> @epsilon_greedy  # gives it `summarise` and `act`
    ... class Doubling(NamedTuple):
    ...     step_size: float
    ...     discount: float
    ...     epsilon: float = 0.1
    ...     reward_scale: float = 1.0
    >>> @fsq.rule(bootstrap, Doubling)
    ... def _(agent, row, summary, action):
    ...     return 2.0 * summary
    >>> Doubling in known_agents()
    True
    """
    family = _family_of(generic)
    if not classes:
        raise TypeError(f"classes is empty; name the {family.member}s whose rule {generic.__name__!r} this is")
    for cls in classes:
        if not (isinstance(cls, type) and hasattr(cls, "_fields")):
            raise TypeError(f"{family.member}s includes {cls!r}; an {family.member} must be a typing.NamedTuple class")

    def register(implementation: Callable[..., Any]) -> Callable[..., Any]:
        if not isinstance(implementation, FunctionType):
            raise TypeError(
                f"the rule {generic.__name__!r} is {implementation!r}; it must be a plain function, which is compiled "
                "into the loops that call it: no method, no partial, and not compiled before"
            )
        if "print" in implementation.__code__.co_names:
            raise TypeError(
                f"the rule {generic.__name__!r} prints, which compiled rules cannot do from their threads; call "
                f"{implementation!r} by itself to look at what it gives"
            )
        arguments = inspect.signature(generic).parameters
        try:
            inspect.signature(implementation).bind(*arguments)
        except TypeError as error:
            raise TypeError(
                f"the rule {generic.__name__!r} is called with ({', '.join(arguments)}); {implementation!r} takes "
                f"{inspect.signature(implementation)}: {error}"
            ) from None
        for cls in classes:
            if is_compiled(cls):
                raise TypeError(
                    f"{cls.__name__} has been compiled with the rules it had, and would go on following them; define "
                    f"the class once more, and then its rule {generic.__name__!r}"
                )
            family.implementations[generic][cls] = implementation
            depends_on(cls, **{generic.__name__: implementation})
        return implementation

    return register


def _family_of(generic: Any) -> RuleFamily:
    for family in _families:
        if any(generic is known for known in family.implementations):
            return family
    in_order = sorted(_families, key=lambda family: family.member)
    known = " or ".join(f"{', '.join(family.names())} (of {family.member}s)" for family in in_order)
    raise TypeError(f"generic is {generic!r}; it must be one of the rules {known}")


def check_unedited(name: str, member: Any) -> None:
    """Refuse a thing with rules, or one within it, whose code has been edited in this process since it was compiled.

    Parameters
    ----------
    name : str
        What the caller calls it.
    member : NamedTuple

    Raises
    ------
    ValueError
        A constant or a function that its rules use has changed; the message names it.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> check_unedited("agent", fsq.QLearning(0.8, 0.95))
    """
    edited = edited_since_compiled(type(member))
    if edited:
        raise ValueError(
            f"{name} is {' '.join(repr(member).split())}; {', '.join(edited)} changed since it was compiled, and would "
            "have no effect. Define the class once more, and then its rules"
        )
    for inner in member:
        if hasattr(inner, "_fields"):
            check_unedited(name, inner)


def calls_of(classes: Collection[type]) -> list[Call]:
    """The calls that compiled code has made in this process of rules of some classes, as `watched` reports them.

    Examples
    --------
    >>> calls_of([])
    []
    """
    return [call for call in _calls.values() if call[2][0].instance_class in classes]


@contextmanager
def watched(watcher: Callable[[Callable[..., Any], Callable[..., Any], tuple[Any, ...]], None]) -> Iterator[None]:
    """Within, report each rule that compiled code calls: the rule, its implementation, the types of its arguments.

    Examples
    --------
    >>> from typing import NamedTuple
    >>> from fastsoftq.kernels.jit import compiled
    >>> ovals = RuleFamily("oval")
    >>> @ovals.required
    ... def width(oval):
    ...     "How wide it is."
    >>> class Egg(NamedTuple):
    ...     size: float
    >>> @rule(width, Egg)
    ... def _(egg):
    ...     return egg.size
    >>> @compiled
    ... def doubled(oval):
    ...     return 2.0 * width(oval)
    >>> with watched(lambda generic, implementation, types: print(generic.__name__)):
    ...     doubled(Egg(2.0))
    width
    4.0
    """
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)
