"""What a run that plans keeps: a model of what came last of every action, in the order in which it met them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types

from fastsoftq.engine.learning_from_steps import learn_of, value_of
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.random import LEARNING, draw, integer
from fastsoftq.kernels.simd import fma, sqrt

__all__ = ["begin_model", "model_of", "plan"]

_1 = np.uint64(1)


class Model(NamedTuple):
    """What came last of each state and action that were met."""

    state: Any  # uint32 [entries]
    action: Any  # uint32 [entries]
    reward: Any  # float64 [entries], as it is learned from
    next_state: Any  # uint32 [entries]
    terminated: Any  # bool [entries]
    taken: Any  # int64 [entries]: at which step of the run; 0 for never; kept only where a bonus is paid
    place: Any  # uint32 [states, actions]: the number of an entry, from 1 on; 0 where there is none
    counts: Any  # int64 [2]: entries; steps of the run, if a bonus is paid


@by_type
def model_of(n, n_states, n_actions):
    """Room for a model, if an agent plans; or None."""
    if n == types.none:
        return lambda n, n_states, n_actions: None

    def room(n, n_states, n_actions):
        entries = n_states * n_actions
        return Model(
            np.empty(entries, np.uint32), np.empty(entries, np.uint32), np.empty(entries), np.empty(entries, np.uint32),
            np.empty(entries, np.bool_), np.empty(entries, np.int64), np.empty((n_states, n_actions), np.uint32),
            np.empty(2, np.int64),
        )  # fmt: skip

    return room


@by_type
def begin_model(model):
    """A run begins, which has met nothing yet."""
    if model == types.none:
        return lambda model: None

    def begin(model):
        model.place[:] = 0
        model.counts[:] = 0

    return begin


@inlined
def _entry(model, state, action):
    """The number of an entry; a new one if there is none."""
    k = np.uint64(model.place[state, action])
    if k == 0:
        model.counts[0] += 1
        k = np.uint64(model.counts[0])
        model.place[state, action] = k
        model.state[k - _1], model.action[k - _1] = state, action
    return k - _1


@inlined
def _expect_nothing(model, state):
    """Let all actions of a state that is new lead back to it for nothing, until they are taken."""
    for action in range(model.place.shape[1]):
        if model.place[state, action] == 0:
            k = _entry(model, state, action)
            model.reward[k], model.next_state[k], model.terminated[k], model.taken[k] = 0.0, state, False, 0


@inlined
def _note(model, step, bonus):
    if bonus > 0.0:
        model.counts[1] += 1
        _expect_nothing(model, step.state)
    k = _entry(model, step.state, step.action)
    model.reward[k], model.next_state[k], model.terminated[k] = step.reward, step.next_state, step.terminated
    if bonus > 0.0:
        model.taken[k] = model.counts[1]


@by_type
def plan(now, learner, model, step, n, bonus):
    """Note what a step led to, and learn from the model as often as an agent does after each."""
    if n == types.none:
        return lambda now, learner, model, step, n, bonus: None

    def from_model(now, learner, model, step, n, bonus):
        _note(model, step, bonus)
        key, count = step.key, model.counts[0]
        for _ in range(n):
            key, place = integer(key, count)
            k = np.uint64(place)
            reward = model.reward[k]
            if bonus > 0.0:
                reward = fma(bonus, sqrt(float(model.counts[1] - model.taken[k])), reward)
            chance = draw(key + LEARNING)
            value = value_of(now, learner, model.next_state[k], 0, chance)
            learn_of(now, learner, model.state[k], model.action[k], reward, model.terminated[k], value, chance)

    return from_model
