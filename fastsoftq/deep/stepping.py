"""One step of one environment: act, keep the transition, begin the next episode where this one is over."""

from __future__ import annotations

import numpy as np

from fastsoftq.agents.rules import act, complete_summary, summarise
from fastsoftq.checks import LARGEST
from fastsoftq.deep.beginnings import begin_environment
from fastsoftq.deep.curve_points import episode_ended
from fastsoftq.deep.deep_records import OBSERVATION, REWARD
from fastsoftq.deep.states import keep_state, kept_state
from fastsoftq.environments.environment_rules import observe, step
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.mixing import mixed
from fastsoftq.kernels.random import OUTCOME, advance, draw
from fastsoftq.kernels.simd import maximum

__all__ = ["chosen", "keep_transition", "take_step"]


@inlined
def chosen(now, here, like, key):
    """The action that an agent takes on a row, by the draw at `key`."""
    return act(now, here, complete_summary(now, summarise(now, here, like)), draw(key))


@inlined
def take_step(now, env, here, like, memory, like_state, lane, place, at, max_steps):
    """Take a step in the environment `place`, and keep it as the transition `at` of a lane.

    Returns what was not finite or, of a reward, too large: `OBSERVATION`, `REWARD` or 0.
    """
    view = memory.views[place]
    for j in range(len(view)):
        memory.observations[lane, at, j] = view[j]
    key = advance(memory.episodes[place].key)
    memory.episodes[place].key = key
    action = chosen(now, here, like, key)
    state, reward, terminated = step(
        env, kept_state(memory.states, place, like_state), np.int64(action), mixed(key + OUTCOME)
    )
    observe(env, state, view)
    fault, over = keep_transition(memory, lane, place, at, action, np.float64(reward), terminated, max_steps)
    if over:
        fault = maximum(fault, begin_environment(env, memory, place, key))
    else:
        keep_state(memory.states, place, state)
    return fault


@inlined
def keep_transition(memory, lane, place, at, action, reward, terminated, max_steps):
    """Keep what came of an action, with the view that there is now; what was not finite, and whether it is over."""
    view, episode, kept = memory.views[place], memory.episodes[place], memory.transitions[lane, at]
    fault = 0
    for j in range(len(view)):
        memory.nexts[lane, at, j] = view[j]
        if not abs(view[j]) < np.inf:
            fault = OBSERVATION
    if not abs(reward) <= LARGEST:  # so that sums of them stay finite
        fault = REWARD
    episode.total += reward
    episode.length += 1
    over = terminated or episode.length >= max_steps
    kept.action, kept.reward, kept.version = action, reward, -1
    kept.end = 1 if terminated else (2 if over else 0)
    if over:
        episode_ended(memory.lanes[lane], episode, terminated)
    return fault, over
