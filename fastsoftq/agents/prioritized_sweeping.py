"""Prioritized sweeping (Moore & Atkeson 1993): plans backwards from what surprised, the greatest error first."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fastsoftq.agents.hard_policy import hard_policy
from fastsoftq.agents.memory_rules import memory, step_taken
from fastsoftq.agents.rules import bootstrap, complete_summary, learn, rule, summarise
from fastsoftq.agents.schedules import Schedule
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.over_actions import read_row
from fastsoftq.kernels.updates import td_target

__all__ = ["PrioritizedSweeping"]


@hard_policy
class PrioritizedSweeping(NamedTuple):
    """Prioritized sweeping with epsilon-greedy exploration.

    Sutton & Barto 2018, section 8.4: a state and action whose error is above `threshold` waits in a queue. After each
    step the `planning_steps` greatest are taken from it: their values are learned from the model, and what the model
    knows to lead to their states is queued in turn. Of equal errors, the entry of the lowest number (state * actions +
    action) goes first. What waits stays from one episode to the next.

    The model is deterministic, as the textbook's: it knows what came last of each action. In stochastic worlds it
    learns as if that always came, and does not converge.

    Parameters
    ----------
    step_size : float or schedule
        In (0, 1]; 1 is right for a deterministic world.
    discount : float
        In [0, 1].
    planning_steps : int
        Updates after each step at most, 1 or more.
    threshold : float
        Theta, the least error that is worth an update, at least 0, in units of the scaled reward.
    epsilon : float or schedule
        The probability of a random action, in [0, 1].
    reward_scale : float
        The factor of rewards in training, positive; curves report unscaled rewards.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.PrioritizedSweeping(step_size=1.0, discount=0.95)
    >>> fsq.train(fsq.cliff_walking(), agent, seeds=4, episodes=50).returns.shape
    (4, 50)
    """

    step_size: Schedule
    discount: float
    planning_steps: int = 5
    threshold: float = 1e-4
    epsilon: Schedule = 0.1
    reward_scale: float = 1.0


class Sweeping(NamedTuple):
    """A model, and what waits. Entries have numbers, state * actions + action; no number is an entry's plus one."""

    reward: Any  # float64 [entries]
    next_state: Any  # uint32 [entries]
    terminated: Any  # bool [entries]
    known: Any  # bool [entries]
    state: Any  # uint32 [entries]: whose action it is
    first: Any  # uint32 [states]: the first entry of those that lead there, plus one; 0 for none
    after: Any  # uint32 [entries]: the next one in that list, plus one
    before: Any  # uint32 [entries]: the previous one, plus one
    heap: Any  # uint32 [entries]: those that wait; none goes before half its place
    place: Any  # uint32 [entries]: where in the heap, plus one; 0 for nowhere
    error: Any  # float64 [entries], of those that wait
    count: Any  # int64 [1]: of those that wait


@rule(memory, PrioritizedSweeping)
def _(agent, n_states, n_actions):
    entries = n_states * n_actions
    state = np.empty(entries, np.uint32)
    for entry in range(entries):
        state[entry] = entry // n_actions
    return Sweeping(
        np.empty(entries), np.empty(entries, np.uint32), np.empty(entries, np.bool_), np.zeros(entries, np.bool_),
        state, np.zeros(n_states, np.uint32), np.zeros(entries, np.uint32), np.zeros(entries, np.uint32),
        np.empty(entries, np.uint32), np.zeros(entries, np.uint32), np.empty(entries), np.zeros(1, np.int64),
    )  # fmt: skip


# ---- what leads where ------------------------------------------------------------------------------------------------


@inlined
def _unlink(model, entry):
    after, before = model.after[entry], model.before[entry]
    if before > 0:
        model.after[before - 1] = after
    else:
        model.first[model.next_state[entry]] = after
    if after > 0:
        model.before[after - 1] = before


@inlined
def _link(model, entry, next_state):
    after = model.first[next_state]
    model.after[entry], model.before[entry] = after, 0
    if after > 0:
        model.before[after - 1] = entry + 1
    model.first[next_state] = entry + 1


@inlined
def _note(model, entry, step):
    """What came of an entry; it leads to a state only if the episode may go on from there."""
    if model.known[entry] and not model.terminated[entry]:
        _unlink(model, entry)
    if not step.terminated:
        _link(model, entry, step.next_state)
    model.reward[entry], model.next_state[entry] = step.reward, step.next_state
    model.terminated[entry], model.known[entry] = step.terminated, True


# ---- what waits: a binary heap ---------------------------------------------------------------------------------------


@inlined
def _put(model, entry, at):
    model.heap[at] = entry
    model.place[entry] = at + 1


@inlined
def _goes_first(model, entry, other):
    return model.error[entry] > model.error[other] or (model.error[entry] == model.error[other] and entry < other)


@inlined
def _rise(model, entry, at):
    """Move an entry up from a place until what is above it goes first."""
    while at > 0:
        above = (at - 1) >> 1
        other = model.heap[above]
        if not _goes_first(model, entry, other):
            break
        _put(model, other, at)
        at = above
    _put(model, entry, at)


@inlined
def _queue(model, entry, error):
    """Let an entry wait; if it does, the greater of both errors counts."""
    at = np.int64(model.place[entry]) - 1
    if at < 0:
        at = model.count[0]
        model.count[0] = at + 1
    elif error <= model.error[entry]:
        return
    model.error[entry] = error
    _rise(model, entry, at)


@inlined
def _take_first(model):
    first = model.heap[0]
    model.place[first] = 0
    count = model.count[0] - 1
    model.count[0] = count
    if count > 0:
        entry, at = model.heap[count], np.int64(0)
        while True:  # the last one goes down from the top until it goes before what is below it
            below = 2 * at + 1
            if below >= count:
                break
            if below + 1 < count and _goes_first(model, model.heap[below + 1], model.heap[below]):
                below += 1
            if not _goes_first(model, model.heap[below], entry):
                break
            _put(model, model.heap[below], at)
            at = below
        _put(model, entry, at)
    return first


# ---- planning --------------------------------------------------------------------------------------------------------


@inlined
def _value(agent, q, state, form, like):
    row = read_row(q, state, form)
    return bootstrap(agent, row, complete_summary(agent, summarise(agent, row, like)), 0)


@inlined
def _queue_if_wrong(agent, model, q, entry, action, value):
    """Let an entry wait whose error is above the threshold, given the value of where it leads."""
    reward = agent.reward_scale * model.reward[entry]
    error = abs(td_target(reward, model.terminated[entry], agent.discount, value) - q[model.state[entry], action])
    if error > agent.threshold:
        _queue(model, entry, error)


@rule(step_taken, PrioritizedSweeping)
def _(agent, memory, q, step, like):
    n_actions = np.uint32(q.shape[1])
    taken = np.uint32(step.state) * n_actions + np.uint32(step.action)
    _note(memory, taken, step)
    _queue_if_wrong(agent, memory, q, taken, step.action, _value(agent, q, step.next_state, step.row, like))
    for _ in range(agent.planning_steps):
        if memory.count[0] == 0:
            break
        entry = _take_first(memory)
        state = memory.state[entry]
        action = entry - state * n_actions
        ahead = _value(agent, q, memory.next_state[entry], step.row, like)
        q[state, action] = learn(agent, q[state, action], memory.reward[entry], memory.terminated[entry], ahead)
        value = _value(agent, q, state, step.row, like)
        leads = memory.first[state]
        while leads > 0:
            other = leads - np.uint32(1)
            _queue_if_wrong(agent, memory, q, other, other - memory.state[other] * n_actions, value)
            leads = memory.after[other]
