"""One step of one environment: act, keep the transition, begin the next episode where this one is over."""

from __future__ import annotations

import numpy as np

from fastsoftq.agents.rules import act, complete_summary, summarise
from fastsoftq.deep.beginnings import begin_environment
from fastsoftq.deep.deep_records import OBSERVATION, REWARD
from fastsoftq.deep.grid import episode_ended
from fastsoftq.deep.states import keep_state, kept_state
from fastsoftq.environments.environment_rules import observe, step
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.mixing import mixed
from fastsoftq.kernels.random import OUTCOME, advance, draw

__all__ = ["chosen", "keep_transition", "take_step"]


@inlined
def chosen(now, here, like, key):
    """The action that an agent takes on a row, by the draw at `key`."""
    return act(now, here, complete_summary(now, summarise(now, here, like)), draw(key))


@inlined
def take_step(now, env, here, like, memory, like_state, lane, place, at, max_steps):
    """Take a step in the environment `place`, and keep it as the transition `at` of a lane.

    Returns what was not finite: `OBSERVATION`, `REWARD` or 0.
    """
    buffer, episodes = memory.buffer, memory.episodes
    view = episodes.views[place]
    for j in range(len(view)):
        buffer.observations[lane, at, j] = view[j]
    key = advance(episodes.keys[place])
    episodes.keys[place] = key
    action = chosen(now, here, like, key)
    state, reward, terminated = step(
        env, kept_state(episodes.states, place, like_state), np.int64(action), mixed(key + OUTCOME)
    )
    observe(env, state, view)
    fault, over = keep_transition(memory, lane, place, at, action, np.float64(reward), terminated, max_steps)
    if over:
        begin_environment(env, episodes, place, key)
    else:
        keep_state(episodes.states, place, state)
    return fault


@inlined
def keep_transition(memory, lane, place, at, action, reward, terminated, max_steps):
    """Keep what came of an action, with the view that there is now; what was not finite, and whether it is over."""
    buffer, episodes = memory.buffer, memory.episodes
    view = episodes.views[place]
    fault = 0
    for j in range(len(view)):
        buffer.nexts[lane, at, j] = view[j]
        if not abs(view[j]) < np.inf:
            fault = OBSERVATION
    if not abs(reward) < np.inf:
        fault = REWARD
    episodes.totals[place] += reward
    episodes.lengths[place] += 1
    over = terminated or episodes.lengths[place] >= max_steps
    buffer.actions[lane, at], buffer.rewards[lane, at] = action, reward
    buffer.ends[lane, at] = np.uint8(1) if terminated else (np.uint8(2) if over else np.uint8(0))
    buffer.versions[lane, at] = -1
    if over:
        episode_ended(episodes, lane, place, terminated)
    return fault, over
