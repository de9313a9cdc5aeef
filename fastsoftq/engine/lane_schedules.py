"""What an agent's schedules come to in each lane's episode, and in the next one, so that no step works it out.

The next episode's values are set by lanes one by one when an episode begins, long before they are loaded as vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types
from numba.extending import intrinsic

from fastsoftq.agents.schedules import SCHEDULES
from fastsoftq.engine.lane_memory import LaneArray, address, lane_array
from fastsoftq.kernels.vectors import Vec, aligned_to

__all__ = ["agent_now", "begin_episodes", "schedule_arrays", "set_schedules"]


def _is_schedule(t: types.Type) -> bool:
    return getattr(t, "instance_class", None) in SCHEDULES


def _with(t: types.Type, value: types.Type) -> types.Type:
    """The type of an agent that has a `value` in place of each schedule, in agents within it too."""
    if _is_schedule(t):
        return value
    if not isinstance(t, types.BaseNamedTuple):
        return t
    fields = [_with(field, value) for field in t.types]
    if len(set(fields)) == 1:
        return types.NamedUniTuple(fields[0], len(fields), t.instance_class)
    return types.NamedTuple(fields, t.instance_class)


def _rebuilt(context: Any, builder: Any, t: types.Type, agent: Any, value: types.Type, make: Callable[..., Any]) -> Any:
    """The agent with `make(path)` in place of the schedule at each path."""

    def build(t: types.Type, here: Any, path: tuple[int, ...]) -> Any:
        if _is_schedule(t):
            return make(path)
        if not isinstance(t, types.BaseNamedTuple):
            return here
        parts = [build(field, builder.extract_value(here, i), (*path, i)) for i, field in enumerate(t.types)]
        return context.make_tuple(builder, _with(t, value), parts)

    return build(t, agent, ())


@intrinsic
def schedule_arrays(typing, agent, lockstep):
    """The agent with room for a value in each lane in place of every schedule."""
    array = LaneArray(types.float64, lockstep.width)

    def emit(context, builder, sig, args):
        return _rebuilt(
            context, builder, agent, args[0], array, lambda path: lane_array(builder, types.float64, lockstep)
        )

    return _with(agent, array)(agent, lockstep), emit


@intrinsic
def agent_now(typing, agent, arrays, lane, lockstep):
    """The agent with the values that its schedules have in the lanes of a vector."""
    t = Vec(types.float64, lockstep.width)

    def emit(context, builder, sig, args):
        def value(path: tuple[int, ...]) -> Any:
            array = builder.extract_value(args[1], path)
            return builder.load(address(builder, array, args[2], context.get_value_type(t)), align=aligned_to(t))

        return _rebuilt(context, builder, agent, args[0], t, value)

    return _with(agent, t)(agent, arrays, types.intp, lockstep), emit


@intrinsic
def set_schedules(typing, agent, arrays, lane, now):
    """Keep the values of a lane's schedules, those of the agent `now`."""

    def emit(context, builder, sig, args):
        def keep(path: tuple[int, ...]) -> Any:
            value = builder.extract_value(args[3], path)
            builder.store(value, builder.gep(builder.extract_value(args[1], path), [args[2]]))
            return value

        _rebuilt(context, builder, agent, args[0], types.float64, keep)
        return context.get_dummy_value()

    return types.void(agent, arrays, types.intp, now), emit


@intrinsic
def begin_episodes(typing, agent, arrays, upcoming, lane, ended):
    """Let the values in `arrays` be those in `upcoming` in lanes of a vector whose episode has `ended`."""
    t = ended.of(types.float64)

    def emit(context, builder, sig, args):
        def renew(path: tuple[int, ...]) -> Any:
            here, there = (
                address(builder, builder.extract_value(array, path), args[3], context.get_value_type(t))
                for array in args[1:3]
            )
            now, later = (builder.load(at, align=aligned_to(t)) for at in (here, there))
            value = builder.select(args[4], later, now)
            builder.store(value, here, align=aligned_to(t))
            return value

        _rebuilt(context, builder, agent, args[0], t, renew)
        return context.get_dummy_value()

    return types.void(agent, arrays, upcoming, types.intp, ended), emit
