"""What the values are moved towards: the agent's own target, on rows that networks give."""

from __future__ import annotations

from numba import types

from fastsoftq.agents.rules import bootstrap, complete_summary, double_bootstrap, summarise
from fastsoftq.deep.rows import row_at
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.over_actions import pick as entry_of
from fastsoftq.kernels.updates import td_target

__all__ = ["bonus", "has", "steps_ahead", "target_of", "value_ahead", "value_of_row"]


@by_type
def has(option):
    """Whether an option is given; known when compiling."""
    given = not isinstance(option, types.NoneType)
    return lambda option: given


@inlined
def value_of_row(now, row, like):
    """The value of a state by the agent's own bootstrap."""
    return bootstrap(now, row, complete_summary(now, summarise(now, row, like)), 0)


@by_type
def value_ahead(double, network, now, numbers, target, online, lane, row, like):
    """The value of a next state; with `double`, actions are judged by the online network (van Hasselt 2016)."""
    if isinstance(double, types.NoneType):
        return lambda double, network, now, numbers, target, online, lane, row, like: value_of_row(
            now, row_at(network, numbers, target, lane, row), like
        )

    def doubled(double, network, now, numbers, target, online, lane, row, like):
        judged = row_at(network, numbers, online, lane, row)
        summary = complete_summary(now, summarise(now, judged, like))
        return double_bootstrap(now, judged, summary, row_at(network, numbers, target, lane, row))

    return doubled


@by_type
def bonus(munchausen, network, now, numbers, place, lane, action, row, like):
    """What is added to the reward: part of Q - V of the action taken, which is T log pi where the policy is soft."""
    if isinstance(munchausen, types.NoneType):
        return lambda munchausen, network, now, numbers, place, lane, action, row, like: 0.0

    def added(munchausen, network, now, numbers, place, lane, action, row, like):
        values = row_at(network, numbers, place, lane, row)
        below = entry_of(values, action) - value_of_row(now, values, like)
        return munchausen.weight * max(min(below, 0.0), munchausen.floor)

    return added


@inlined
def steps_ahead(memory, lane, place, n_step):
    """Where the steps that a transition is learned with end: n steps on, or where its episode ended."""
    capacity = memory.transitions.shape[1]
    last = place
    for _ in range(n_step - 1):
        if memory.transitions[lane, last].end != 0:
            break
        last = (last + 1) % capacity
    return last


@inlined
def target_of(now, memory, lane, place, last, value, added):
    """The target of a transition: its rewards until `last`, one after the other, and the value from there."""
    capacity = memory.transitions.shape[1]
    terminated = memory.transitions[lane, last].end == 1
    while last != place:
        value = td_target(now.reward_scale * memory.transitions[lane, last].reward, terminated, now.discount, value)
        terminated = False
        last = (last - 1) % capacity
    return td_target(now.reward_scale * memory.transitions[lane, place].reward + added, terminated, now.discount, value)
