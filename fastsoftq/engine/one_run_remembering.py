"""One run at a time of an agent with memory: the plain loop of `one_run.py`, with what `memory_rules.py` lists."""

from __future__ import annotations

import numpy as np

from fastsoftq.agents.memory_rules import (
    Step,
    acts_upon,
    begin_episode,
    begin_run,
    beside,
    episode_ended,
    estimate,
    memory,
    planning_steps,
    rewarded,
    steps,
    time_bonus,
    visited,
)
from fastsoftq.agents.rules import act, complete_summary, on_policy, summarise
from fastsoftq.agents.schedules import tuned
from fastsoftq.engine.borrowing import borrowed, hold
from fastsoftq.engine.counters import add_atomically
from fastsoftq.engine.learning_from_steps import Learner, begin_recent, learn_from, recent_steps, value_of
from fastsoftq.engine.one_run_model import begin_model, model_of, plan
from fastsoftq.engine.planes import fill_entry, keep_at, kept_at, parted, plane_count, values_in
from fastsoftq.kernels.jit import compiled, inlined
from fastsoftq.kernels.mixing import mixed
from fastsoftq.kernels.over_actions import read_row
from fastsoftq.kernels.random import LEARNING, advance, draw, outcome_draw, seed, start_draw
from fastsoftq.mdp.tables import phase_of, reset, step

__all__ = ["run_remembering"]


@inlined
def _choose(now, table, state, row, example, like, chance):
    values, kept = parted(read_row(table, state, row), example)
    seen = acts_upon(now, values, kept)
    return act(now, seen, complete_summary(now, summarise(now, seen, like)), chance)


@compiled
def run_remembering(agent, mdp, row, like, work, out):
    """Train one run after another until none is left.

    Parameters
    ----------
    agent : NamedTuple
    mdp : Tables
    row : tuple or array of float64, [planes * actions]
        The form in which rows are read, with what is kept beside each entry.
    like : float64 or float32
        The precision of exponentials.
    work : Work
    out : Output
        Filled in place.
    """
    seeds, initial_q, max_steps, next_run, stop, progress, _, _ = work
    returns, lengths, truncated, kept_tables, tables = out
    n_states, n_actions = initial_q.shape[1:]
    first_agent = tuned(agent, np.int32(0))
    example = beside(first_agent, 0.0)
    numbers = np.empty((n_states, plane_count(example) * n_actions))
    table = borrowed(numbers)
    q = values_in(table, n_actions, example)
    form = parted(row, example)[0]
    steps_kept = recent_steps(steps(first_agent), max_steps)
    recent = borrowed(steps_kept)
    plans, bonus = planning_steps(first_agent), time_bonus(first_agent)
    models = model_of(plans, n_states, n_actions)
    model = borrowed(models)
    run = add_atomically(next_run, 0, 1)
    while run < len(seeds):
        first = run % len(initial_q)
        for s in range(n_states):
            for a in range(n_actions):
                fill_entry(first_agent, table, s, a, n_actions, initial_q[first, s, a])
        remembered = memory(first_agent, n_states, n_actions)
        own = borrowed(remembered)
        learner = Learner(table, row, example, n_actions, own, recent, like)
        begin_model(model)
        begin_run(first_agent, own, q)
        key = advance(seed(seeds[run]))
        for episode in range(returns.shape[1]):
            now = tuned(agent, np.int32(episode))
            phase = phase_of(mdp, episode)
            state = np.int64(reset(mdp, start_draw(key), phase))
            begin_episode(now, own, q, state)
            begin_recent(recent)
            action = np.int64(_choose(now, table, state, row, example, like, draw(key)))
            total, length, terminated = 0.0, 0, False
            while True:
                if stop[0]:
                    return
                next_state, reward, terminated = step(mdp, state, action, outcome_draw(key), phase)
                total += reward
                length += 1
                key = advance(key)
                next_action = action
                if on_policy(now):
                    next_action = np.int64(_choose(now, table, next_state, row, example, like, draw(key)))
                chance = draw(key + LEARNING)
                value = value_of(now, learner, next_state, next_action, chance)
                kept = visited(now, kept_at(table, state, action, n_actions, example))
                keep_at(table, state, action, n_actions, kept, example)
                ended = terminated or length >= max_steps
                taken = Step(
                    state, action, rewarded(now, reward, kept), next_state, next_action, terminated,
                    ended and not terminated, chance, np.int64(mixed(key + LEARNING)), form,
                )  # fmt: skip
                learn_from(now, learner, taken, value)
                plan(now, learner, model, taken, plans, bonus)
                if ended:
                    break
                if not on_policy(now):
                    next_action = np.int64(_choose(now, table, next_state, row, example, like, draw(key)))
                state, action = next_state, next_action
            episode_ended(now, own, q)
            returns[run, episode] = total
            lengths[run, episode] = length
            truncated[run, episode] = not terminated
            if len(kept_tables) > 0 and kept_tables[episode] >= 0:
                for s in range(n_states):
                    for a in range(n_actions):
                        kept = kept_at(table, s, a, n_actions, example)
                        tables[run, kept_tables[episode], s, a] = estimate(first_agent, table[s, a], kept)
            progress[1] += length
        hold((numbers, steps_kept, models, remembered))
        progress[0] += 1
        run = add_atomically(next_run, 0, 1)
