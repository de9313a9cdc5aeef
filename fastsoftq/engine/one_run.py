"""One run at a time: the plain loop, which reads like the textbook. Every other engine gives the same bits."""

from __future__ import annotations

import numpy as np

from fastsoftq.agents.rules import (
    act,
    bootstrap,
    complete_summary,
    learn,
    on_policy,
    summarise,
    summarise_entry,
    update_summary,
)
from fastsoftq.agents.schedules import tuned
from fastsoftq.engine.counters import add_atomically
from fastsoftq.kernels.jit import compiled
from fastsoftq.kernels.over_actions import read_row
from fastsoftq.kernels.random import advance, draw, outcome_draw, seed, start_draw
from fastsoftq.mdp.tables import phase_of, reset, step

__all__ = ["run_episodes"]


@compiled
def run_episodes(agent, mdp, row, like, work, out):
    """Train one run after another until none is left.

    Parameters
    ----------
    agent : NamedTuple
    mdp : Tables
    row : tuple or array of float64, [actions]
        The form in which the rules are given rows.
    like : float64 or float32
        The precision of exponentials.
    work : Work
    out : Output
        Filled in place.
    """
    seeds, initial_q, max_steps, next_run, stop, progress, _, _ = work  # once: in every step it costs time
    returns, lengths, truncated, kept, tables = out
    n_states, n_actions = initial_q.shape[1:]
    q = np.empty((n_states, n_actions))
    run = add_atomically(next_run, 0, 1)
    while run < len(seeds):
        first = run % len(initial_q)
        for s in range(n_states):  # plain loops: assignments between arrays take a second longer to compile
            for a in range(n_actions):
                q[s, a] = initial_q[first, s, a]
        key = advance(seed(seeds[run]))
        for episode in range(returns.shape[1]):
            now = tuned(agent, np.int32(episode))
            phase = phase_of(mdp, episode)
            state = reset(mdp, start_draw(key), phase)
            here = read_row(q, state, row)
            action = act(now, here, complete_summary(now, summarise(now, here, like)), draw(key))
            total, length, terminated = 0.0, 0, False
            while True:
                if stop[0]:
                    return
                next_state, reward, terminated = step(mdp, state, action, outcome_draw(key), phase)
                ahead = read_row(q, next_state, row)
                summary = complete_summary(now, summarise(now, ahead, like))
                total += reward
                length += 1
                key = advance(key)
                next_action = action
                if on_policy(now):
                    next_action = act(now, ahead, summary, draw(key))
                value = bootstrap(now, ahead, summary, next_action)
                q[state, action] = learn(now, q[state, action], reward, terminated, value)
                if terminated or length >= max_steps:
                    break
                if not on_policy(now):
                    if next_state == state:
                        ahead = read_row(q, next_state, row)
                        entry = summarise_entry(now, summary, q[state, action], like)
                        summary, stale = update_summary(now, ahead, summary, action, entry, like)
                        if stale:
                            summary = complete_summary(now, summarise(now, ahead, like))
                    next_action = act(now, ahead, summary, draw(key))
                state, action = next_state, next_action
            returns[run, episode] = total
            lengths[run, episode] = length
            truncated[run, episode] = not terminated
            if len(kept) > 0 and kept[episode] >= 0:
                for s in range(n_states):
                    for a in range(n_actions):
                        tables[run, kept[episode], s, a] = q[s, a]
            progress[1] += length
        progress[0] += 1
        run = add_atomically(next_run, 0, 1)
