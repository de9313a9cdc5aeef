"""Schedules: hyperparameters that change from one episode to the next. A plain number is the constant one."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from numba import types
from numba.extending import intrinsic

from fastsoftq.kernels.jit import by_type, emit_call
from fastsoftq.kernels.numerics import exp2, log2
from fastsoftq.kernels.simd import convert, fma, maximum

__all__ = ["SCHEDULES", "LinearDecay", "PowerDecay", "Schedule", "at", "is_schedule", "tuned"]


class LinearDecay(NamedTuple):
    """Linear decay over episodes: max(stop, start - decrease * episode).

    Parameters
    ----------
    start : float
        The value in the first episode (0).
    stop : float
        The value it does not go below, at most `start`.
    decrease : float
        By how much it falls each episode, at least 0.

    Examples
    --------
    >>> import numpy as np
    >>> epsilon = LinearDecay(start=0.9, stop=0.1, decrease=0.001)
    >>> [round(float(at(epsilon, np.int32(episode))), 3) for episode in (0, 100, 5000)]
    [0.9, 0.8, 0.1]
    """

    start: float
    stop: float
    decrease: float


class PowerDecay(NamedTuple):
    """Power-law decay over episodes: max(stop, start / (episode + 1)**power).

    Parameters
    ----------
    start : float
        The value in the first episode (0).
    stop : float
        The value it does not go below, at most `start`.
    power : float
        At least 0; for step sizes, more than 0.5 and at most 1 is the classical condition for convergence.

    Examples
    --------
    >>> import numpy as np
    >>> step_size = PowerDecay(start=1.0, stop=0.01, power=0.5)
    >>> [float(at(step_size, np.int32(episode))) for episode in (0, 3, 99_999)]
    [1.0, 0.5, 0.01]
    """

    start: float
    stop: float
    power: float


SCHEDULES = (LinearDecay, PowerDecay)
Schedule: TypeAlias = float | LinearDecay | PowerDecay


@by_type
def at(schedule, episode):
    """The value of a schedule in an episode (int32, or a vector). Made for compiled code.

    An agent (within another) becomes the agent with the values of its schedules.
    """
    kind = getattr(schedule, "instance_class", None)
    if kind is LinearDecay:
        return lambda schedule, episode: maximum(
            fma(convert(episode, 1.0), -schedule.decrease, schedule.start), schedule.stop
        )
    if kind is PowerDecay:
        return lambda schedule, episode: maximum(
            schedule.start * exp2(-schedule.power * log2(convert(episode, 1.0) + 1.0)), schedule.stop
        )
    return lambda schedule, episode: tuned(schedule, episode)


@by_type
def is_schedule(value):
    """Whether a hyperparameter changes with the episode; known when compiling."""
    answer = getattr(value, "instance_class", None) in SCHEDULES
    return lambda value: answer


@intrinsic
def tuned(typing, agent, episode):
    """The agent with each schedule replaced by its value in an episode. For compiled code only."""
    function = typing.resolve_value_type(at)
    # None for a plain number: nothing to compile there.
    signatures = [
        function.get_call_type(typing, (t, episode), {}) if hasattr(t, "instance_class") else None for t in agent.types
    ]
    fields = [t if s is None else s.return_type for t, s in zip(agent.types, signatures, strict=True)]
    result: Any
    if len(set(fields)) == 1:
        result = types.NamedUniTuple(fields[0], len(fields), agent.instance_class)
    else:
        result = types.NamedTuple(fields, agent.instance_class)

    def emit(context, builder, sig, args):
        values = []
        for i, signature in enumerate(signatures):
            value = builder.extract_value(args[0], i)
            if signature is not None:
                value = emit_call(context, builder, function, signature, (value, args[1]))
            values.append(value)
        return context.make_tuple(builder, result, values)

    return result(agent, episode), emit
