"""Deep Q-learning without a buffer (PQN, Gallici et al. 2024): environments side by side, and lambda-returns.

A rollout is acted out with the network as it is; its returns are worked out backwards; then it is learned from, in
minibatches, a few times over.
"""

from __future__ import annotations

import numpy as np

from fastsoftq.agents.schedules import tuned
from fastsoftq.deep.beginnings import begin_environment, begin_networks, copy_networks, end_run
from fastsoftq.deep.curve_points import write_point
from fastsoftq.deep.descending import descend, set_slopes
from fastsoftq.deep.rows import all_finite, put_row, row_at
from fastsoftq.deep.stepping import take_step
from fastsoftq.deep.value_targets import value_of_row
from fastsoftq.engine.counters import add_atomically
from fastsoftq.environments.environment_rules import reset
from fastsoftq.kernels.jit import compiled, inlined
from fastsoftq.kernels.random import integer
from fastsoftq.kernels.simd import fma
from fastsoftq.kernels.updates import td_target
from fastsoftq.networks.network import forward

__all__ = ["run_rollouts", "run_rollouts_with_arrays"]


def rollout_loop(learner, env, row, like, network, batches, memory, work, out):
    """Train one run after another until none is left; arguments as for `run_replay`."""
    numbers, places = memory.numbers, memory.places
    replay = learner.replay
    sides, length = replay.environments, replay.length
    values_at = places.acting + network.head
    run = add_atomically(work.next_run, 0, 1)
    while run < len(work.seeds):
        begin_networks(network, memory, work, run)
        like_state = reset(env, np.int64(0))
        for side in range(sides):
            fault = begin_environment(env, memory, side, memory.episodes[side].key)
            if fault > 0:
                out.runs[run].fault, work.stop[0] = fault, True
                return
        point, at = 0, 0
        for turn in range(work.steps // sides):
            t = turn * sides
            if work.stop[0]:
                return
            now = tuned(learner.agent, np.int32(t))
            for side in range(sides):
                put_row(network, numbers, places.acting + side * network.input_stride, 0, memory.views[side])
            forward(network, numbers, places.online, places.acting, sides)
            for side in range(sides):
                here = row_at(network, numbers, values_at + side * network.head_stride, 0, row)
                if not all_finite(here):
                    memory.lanes[0].broken = 1
                    break
                kept = at * sides + side
                fault = take_step(now, env, here, like, memory, like_state, 0, side, kept, work.max_steps)
                if fault > 0:
                    out.runs[run].fault, out.runs[run].fault_at = fault, t + side + 1
                    work.stop[0] = True
                    return
            at += 1
            if at == length and memory.lanes[0].broken == 0:
                learn_from_rollout(learner, row, like, network, batches, memory, t)
                copy_networks(network, memory, 1)
                at = 0
            if memory.lanes[0].broken != 0:
                end_run(network, memory, 0, 0, out, run, work.max_steps, t + sides)
                break
            while point < len(work.grid) and work.grid[point] <= t + sides:
                write_point(memory.lanes[0], memory.episodes[0], out, run, work.max_steps)
                point += 1
            work.progress[1] += sides
        end_run(network, memory, 0, 0, out, run, work.max_steps, work.steps)
        work.progress[0] += 1
        run = add_atomically(work.next_run, 0, 1)


run_rollouts = compiled(rollout_loop, plainly=True, allocates=False)
run_rollouts_with_arrays = compiled(rollout_loop, plainly=True)


@inlined
def returns_of_rollout(learner, now, row, like, network, memory):
    """Work out what each transition is moved towards: its lambda-return (Gallici et al. 2024, equation 8)."""
    numbers, places = memory.numbers, memory.places
    sides, length = learner.replay.environments, learner.replay.length
    decay = learner.replay.trace_decay
    values_at = places.ahead + network.head
    for at in range(length - 1, -1, -1):
        for side in range(sides):
            view = memory.nexts[0, at * sides + side]
            put_row(network, numbers, places.ahead + side * network.input_stride, 0, view)
        forward(network, numbers, places.online, places.ahead, sides)
        for side in range(sides):
            kept = memory.transitions[0, at * sides + side]
            there = row_at(network, numbers, values_at + side * network.head_stride, 0, row)
            value = value_of_row(now, there, like)
            if at < length - 1 and kept.end == 0:
                value = fma(decay, memory.transitions[0, (at + 1) * sides + side].value - value, value)
            kept.value = td_target(now.reward_scale * kept.reward, kept.end == 1, now.discount, value)


@inlined
def learn_from_rollout(learner, row, like, network, batches, memory, t):
    """Learn from all transitions of a rollout, shuffled, `epochs` times over."""
    numbers, places = memory.numbers, memory.places
    replay = learner.replay
    now = tuned(learner.agent, np.int32(t))
    returns_of_rollout(learner, now, row, like, network, memory)
    count = replay.environments * replay.length
    size = count // replay.minibatches
    order = memory.picked[0]
    for i in range(count):
        order[i].place = i
    for _ in range(replay.epochs):
        key = memory.lanes[0].batch_key
        for i in range(count - 1, 0, -1):
            key, j = integer(key, i + 1)
            order[i].place, order[j].place = order[j].place, order[i].place
        memory.lanes[0].batch_key = key
        for begin in range(0, count - size + 1, size):
            for i in range(size):
                view = memory.observations[0, order[begin + i].place]
                put_row(batches, numbers, places.activations + i * batches.input_stride, 0, view)
            forward(batches, numbers, places.online, places.activations, size)
            for i in range(size):
                kept = memory.transitions[0, order[begin + i].place]
                there = batches.head + i * batches.head_stride
                error = set_slopes(learner.loss, batches, memory, there, 0, kept.action, kept.value, 1.0 / size)
                if not abs(error) < np.inf:
                    memory.lanes[0].broken = 1
            descend(learner, batches, memory, now.step_size, size)
