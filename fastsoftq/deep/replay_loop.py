"""Deep Q-learning from a buffer (Mnih et al. 2015): act, keep the transition, learn from a batch of old ones.

The counterpart of `engine/one_run.py`, on rows that a network gives. Several runs may go in lockstep, a lane each.
"""

from __future__ import annotations

import numpy as np

from fastsoftq.agents.schedules import tuned
from fastsoftq.deep.beginnings import begin_environment, begin_networks, copy_networks, end_run
from fastsoftq.deep.curve_points import write_point
from fastsoftq.deep.descending import descend, set_slopes
from fastsoftq.deep.replaying import begin_buffer, kept, note_errors, pick
from fastsoftq.deep.rows import all_finite, put_row, row_at
from fastsoftq.deep.stepping import take_step
from fastsoftq.deep.value_targets import bonus, has, steps_ahead, target_of, value_ahead
from fastsoftq.engine.counters import add_atomically
from fastsoftq.environments.environment_rules import reset
from fastsoftq.kernels.jit import compiled, inlined
from fastsoftq.kernels.simd import maximum, minimum
from fastsoftq.networks.network import forward

__all__ = ["learn_and_copy", "run_replay", "run_replay_with_arrays"]


def replay_loop(learner, env, row, like, network, batches, memory, work, out):
    """Train one group of runs after another until none is left.

    Parameters
    ----------
    learner : Learner
    env : NamedTuple
        An environment.
    row : tuple or array of float64, [actions]
        The form in which the rules are given rows.
    like : float64 or float32
        The precision of exponentials.
    network, batches : Network
        The same one, as it goes through when it acts and when it learns.
    memory : RunMemory
    work : DeepWork
    out : DeepOutput
        Filled in place.
    """
    numbers, places, lanes = memory.numbers, memory.places, network.lanes
    n_runs = len(work.seeds)
    replay, n_step = learner.replay, learner.n_step
    first = add_atomically(work.next_run, 0, lanes)
    while first < n_runs:
        live = minimum(lanes, n_runs - first)
        begin_networks(network, memory, work, first)
        like_state = reset(env, np.int64(0))
        for lane in range(live):
            begin_buffer(replay, memory, lane)
            fault = begin_environment(env, memory, lane, memory.episodes[lane].key)
            if fault > 0:
                out.runs[first + lane].fault, work.stop[0] = fault, True
                return
        point, running = 0, live
        for t in range(work.steps):
            if work.stop[0]:
                return
            now = tuned(learner.agent, np.int32(t))
            for lane in range(live):
                put_row(network, numbers, places.acting, lane, memory.views[lane])
            forward(network, numbers, places.online, places.acting, 1)
            at = t % replay.capacity
            for lane in range(live):
                run = first + lane
                if out.runs[run].diverged_at >= 0:
                    continue
                here = row_at(network, numbers, places.acting + network.head, lane, row)
                if memory.lanes[lane].broken != 0 or not all_finite(here):
                    memory.lanes[lane].broken = 1
                    end_run(network, memory, lane, lane, out, run, work.max_steps, t)  # other lanes go on
                    running -= 1
                    continue
                fault = take_step(now, env, here, like, memory, like_state, lane, lane, at, work.max_steps)
                if fault > 0:
                    out.runs[run].fault, out.runs[run].fault_at = fault, t + 1
                    work.stop[0] = True
                    return
                kept(replay, memory, lane, n_step, t)
            learn_and_copy(learner, row, like, batches, memory, live, t)
            if t + 1 == work.grid[point]:
                for lane in range(live):
                    if out.runs[first + lane].diverged_at < 0:
                        write_point(memory.lanes[lane], memory.episodes[lane], out, first + lane, work.max_steps)
                point += 1
            work.progress[1] += running
            if running == 0:
                break
        for lane in range(live):
            end_run(network, memory, lane, lane, out, first + lane, work.max_steps, work.steps)
        work.progress[0] += live
        first = add_atomically(work.next_run, 0, lanes)


# Rows of many actions are arrays, which rules make anew; rules of one's own may make others.
run_replay = compiled(replay_loop, plainly=True, allocates=False)
run_replay_with_arrays = compiled(replay_loop, plainly=True)


@inlined
def learn_and_copy(learner, row, like, network, memory, live, t):
    """What follows step t of all lanes: learn from a batch, copy the network to the one that gives the targets."""
    replay = learner.replay
    if t >= replay.start and t % replay.every == 0 and minimum(t + 1, replay.capacity) >= learner.n_step:
        learn(learner, row, like, network, memory, live, t)
    if t % learner.target_period == 0:
        copy_networks(network, memory, live)


@inlined
def learn(learner, row, like, network, memory, live, t):
    """Learn from one batch of each lane."""
    version = (t + learner.target_period - 1) // learner.target_period  # of the target network: its copies so far
    numbers, places = memory.numbers, memory.places
    stride, head = network.input_stride, network.head
    batch = learner.replay.batch
    now = tuned(learner.agent, np.int32(t))
    rows = 0
    for lane in range(live):
        pick(learner.replay, memory, lane, learner.n_step, t)
        count = 0
        for i in range(batch):
            chosen = memory.picked[lane, i]
            last = steps_ahead(memory, lane, chosen.place, learner.n_step)
            chosen.last, chosen.bonus = last, 0.0
            kept = memory.transitions[lane, last]
            if learner.lazy == 0 or kept.version != version:
                if learner.lazy != 0:
                    kept.version = version
                memory.picked[lane, count].missing = last
                put_row(network, numbers, places.ahead + count * stride, lane, memory.nexts[lane, last])
                if has(learner.double):
                    put_row(network, numbers, places.activations + count * stride, lane, memory.nexts[lane, last])
                count += 1
        rows = maximum(rows, count)
    forward(network, numbers, places.target, places.ahead, rows)
    if has(learner.double):
        forward(network, numbers, places.online, places.activations, rows)
    for lane in range(live):
        for i in range(rows):
            there = head + i * network.head_stride
            memory.transitions[lane, memory.picked[lane, i].missing].value = value_ahead(
                learner.double, network, now, numbers, places.ahead + there, places.activations + there, lane, row, like
            )
    if has(learner.munchausen):
        put_batch(memory, places.ahead, network, live, batch)
        forward(network, numbers, places.target, places.ahead, batch)
        for lane in range(live):
            for i in range(batch):
                chosen = memory.picked[lane, i]
                there = places.ahead + head + i * network.head_stride
                action = memory.transitions[lane, chosen.place].action
                chosen.bonus = bonus(learner.munchausen, network, now, numbers, there, lane, action, row, like)
    put_batch(memory, places.activations, network, live, batch)
    forward(network, numbers, places.online, places.activations, batch)
    share = 1.0 / batch
    for lane in range(live):
        for i in range(batch):
            chosen = memory.picked[lane, i]
            value = memory.transitions[lane, chosen.last].value
            target = target_of(now, memory, lane, chosen.place, chosen.last, value, chosen.bonus)
            there = head + i * network.head_stride
            action = memory.transitions[lane, chosen.place].action
            error = set_slopes(learner.loss, network, memory, there, lane, action, target, chosen.weight * share)
            if not abs(error) < np.inf:
                memory.lanes[lane].broken = 1
            note_errors(learner.replay, memory, lane, i, error)
    descend(learner, network, memory, now.step_size, batch)


@inlined
def put_batch(memory, place, network, live, batch):
    """Write the observations of the batch where the network reads them."""
    for lane in range(live):
        for i in range(batch):
            view = memory.observations[lane, memory.picked[lane, i].place]
            put_row(network, memory.numbers, place + i * network.input_stride, lane, view)
