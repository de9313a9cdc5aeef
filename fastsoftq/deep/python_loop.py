"""The loop of a run in an environment that is not compiled: it is stepped from Python, one seed at a time.

Two compiled calls a step; the same pieces as `replay_loop.py`, so that learning is the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastsoftq.agents.schedules import tuned
from fastsoftq.deep.beginnings import begin_networks, end_run
from fastsoftq.deep.curve_points import write_point
from fastsoftq.deep.deep_records import DeepOutput, DeepWork, Learner
from fastsoftq.deep.replay_loop import learn_and_copy
from fastsoftq.deep.replaying import begin_buffer, kept
from fastsoftq.deep.rows import all_finite, put_row, row_at
from fastsoftq.deep.stepping import chosen, keep_transition
from fastsoftq.engine.dispatch import call_compiled
from fastsoftq.kernels.jit import compiled
from fastsoftq.kernels.random import advance
from fastsoftq.networks.network import forward

__all__ = ["run_in_python"]

_NEVER = np.iinfo(np.int64).max


@compiled
def begin(learner, network, memory, work, run):
    """Begin a run."""
    begin_networks(network, memory, work, run)
    begin_buffer(learner.replay, memory, 0)
    memory.episodes[0].total = 0.0
    memory.episodes[0].length = 0


@compiled
def choose(learner, row, like, network, memory, t, action):
    """Write the action on the current view to `action` [1]; -1 where the run has diverged."""
    numbers, places = memory.numbers, memory.places
    now = tuned(learner.agent, np.int32(t))
    view = memory.views[0]
    put_row(network, numbers, places.acting, 0, view)
    forward(network, numbers, places.online, places.acting, 1)
    here = row_at(network, numbers, places.acting + network.head, 0, row)
    at = t % learner.replay.capacity
    for j in range(len(view)):
        memory.observations[0, at, j] = view[j]
    key = advance(memory.episodes[0].key)
    memory.episodes[0].key = key
    if memory.lanes[0].broken != 0 or not all_finite(here):
        action[0], memory.lanes[0].broken = -1, 1
    else:
        action[0] = chosen(now, here, like, key)


@compiled
def take_in(learner, row, like, batches, memory, action, reward, terminated, over, work, out, run, t):
    """Keep what came of the action, whose observation is the view now, and learn."""
    at = t % learner.replay.capacity
    most = 0 if over else _NEVER
    fault, _ = keep_transition(memory, 0, 0, at, action, reward, terminated, most)
    if fault > 0:
        out.runs[run].fault, out.runs[run].fault_at = fault, t + 1
        return
    kept(learner.replay, memory, 0, learner.n_step, t)
    learn_and_copy(learner, row, like, batches, memory, 1, t)
    point = memory.lanes[0].point
    if t + 1 == work.grid[point]:
        write_point(memory.lanes[0], memory.episodes[0], out, run, work.max_steps)


@compiled
def finish(network, memory, work, out, run, t):
    """End a run after t steps."""
    end_run(network, memory, 0, 0, out, run, work.max_steps, t)


def run_in_python(
    learner: Learner,
    env: Any,
    row: Any,
    like: Any,
    network: Any,
    batches: Any,
    memory: Any,
    work: DeepWork,
    out: DeepOutput,
) -> None:
    """Train one run after another; `env` is a `gymnasium_environment`, and the other arguments as for `run_replay`."""
    view = memory.views[0]
    action = np.zeros(1, np.int64)
    for run in range(int(work.next_run[0]), len(work.seeds)):
        call_compiled(begin, learner, network, memory, work, run)
        game = env.play()
        try:
            view[:] = game.reset(int(work.seeds[run]))
            length, t = 0, 0
            while t < work.steps:
                if work.stop[0]:
                    return
                call_compiled(choose, learner, row, like, network, memory, t, action)
                if action[0] < 0:
                    break
                view[:], reward, terminated, truncated = game.step(int(action[0]))
                length += 1
                over = bool(terminated or truncated or length >= work.max_steps)
                arguments = (np.int64(action[0]), float(reward), bool(terminated), over, work, out, run, t)
                call_compiled(take_in, learner, row, like, batches, memory, *arguments)
                if out.runs[run]["fault"]:
                    return
                if over:
                    view[:], length = game.reset(None), 0
                work.progress[1] += 1
                t += 1
            call_compiled(finish, network, memory, work, out, run, t)
        finally:
            game.close()
        work.progress[0] += 1
