"""An agent with something in it replaced: its step size, or the agent that it wraps. For compiled code only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types
from numba.core import errors
from numba.extending import intrinsic

__all__ = ["with_agent", "with_step_size"]


def _rebuilt(typing: Any, agent: Any, value: Any, name: str, within: bool) -> tuple[Any, Callable[..., Any]]:
    """The type of an agent with `value` as its field `name`, of agents `within` it too; and what emits it.

    Types may change: a number's place may be taken by a vector.
    """

    def of_type(t: Any) -> Any:
        if not isinstance(t, types.BaseNamedTuple):
            return t
        fields = [
            value if field == name else of_type(part) if within else part
            for field, part in zip(t.fields, t.types, strict=True)
        ]
        if len(set(fields)) == 1:
            return types.NamedUniTuple(fields[0], len(fields), t.instance_class)
        return types.NamedTuple(fields, t.instance_class)

    def has(t: Any) -> bool:
        return isinstance(t, types.BaseNamedTuple) and (name in t.fields or (within and any(map(has, t.types))))

    if not has(agent):
        raise errors.TypingError(f"{agent.instance_class.__name__} has no field {name!r}")

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        def of_value(t: Any, old: Any) -> Any:
            if not isinstance(t, types.BaseNamedTuple):
                return old
            parts = [builder.extract_value(old, i) for i in range(len(t.types))]
            fields = [
                args[1] if field == name else of_value(part_type, part) if within else part
                for field, part_type, part in zip(t.fields, t.types, parts, strict=True)
            ]
            return context.make_tuple(builder, of_type(t), fields)

        return of_value(agent, args[0])

    return of_type(agent)(agent, value), emit


@intrinsic
def with_step_size(typing, agent, step_size):
    """The agent, and those within it, with another step size, a number or a vector."""
    return _rebuilt(typing, agent, step_size, "step_size", within=True)


@intrinsic
def with_agent(typing, agent, inner):
    """The agent with another one in its field `agent`, such as one with another step size."""
    return _rebuilt(typing, agent, inner, "agent", within=False)
