"""How a run and an episode begin, and how a run ends."""

from __future__ import annotations

import numpy as np

from fastsoftq.deep.curve_points import begin_points, break_off
from fastsoftq.deep.deep_records import OBSERVATION
from fastsoftq.deep.states import keep_state
from fastsoftq.environments.environment_rules import observe, reset
from fastsoftq.kernels.addresses import address_of, floats_at
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.mixing import mixed
from fastsoftq.kernels.random import seed
from fastsoftq.kernels.simd import minimum
from fastsoftq.networks.float_vectors import total, vector
from fastsoftq.networks.network import initialise

__all__ = ["begin_environment", "begin_networks", "copy_networks", "end_run"]

_ZERO = np.float32(0)
_BATCH, _START, _WEIGHTS = np.int64(0x5851F42D4C957F2D), np.int64(0x2545F4914F6CDD1D), np.int64(0x369DEA0F31A53F85)


@inlined
def begin_networks(network, memory, work, first):
    """New networks and streams for the runs from `first` on; lanes without one repeat the last."""
    numbers, places, powers, lanes = memory.numbers, memory.places, memory.powers, network.lanes
    for i in range(len(numbers)):
        numbers[i] = np.float32(0)
    for i in range(len(powers)):
        powers[i] = 1.0
    side_by_side = len(memory.episodes) // lanes
    for lane in range(lanes):
        run = minimum(first + lane, len(work.seeds) - 1)
        key = seed(work.seeds[run])
        if len(work.initial) == 0:
            initialise(network, numbers, places.online, mixed(key + _WEIGHTS), lane)
        else:
            for i in range(network.parameters):
                numbers[(places.online + i) * lanes + lane] = work.initial[run % len(work.initial), i]
        for place in range(side_by_side):
            memory.episodes[lane * side_by_side + place].key = key if place == 0 else np.int64(mixed(key ^ place))
        memory.lanes[lane].batch_key = mixed(key + _BATCH)
        begin_points(memory.lanes[lane])
    for i in range(network.parameters * lanes):
        numbers[places.target * lanes + i] = numbers[places.online * lanes + i]


@inlined
def begin_environment(env, memory, place, key):
    """Begin an episode, whose start is drawn by the stream at `key`; what of it is not finite, or 0."""
    state = reset(env, mixed(key + _START))
    keep_state(memory.states, place, state)
    view = memory.views[place]
    observe(env, state, view)
    memory.episodes[place].total = 0.0
    memory.episodes[place].length = 0
    fault = 0
    for j in range(len(view)):
        if not abs(view[j]) < np.inf:
            fault = OBSERVATION
    return fault


@inlined
def _finite(network, memory, lane, begin, size):
    """Whether `size` numbers of a lane are finite: times 0 they are 0, and the sum is, unless one is not."""
    if size == 0:
        return True
    if network.lanes == 1:  # blocks are of whole vectors
        floats = floats_at(address_of(memory.numbers))
        sums = vector(floats, begin) * _ZERO
        for k in range(16, size, 16):
            sums = sums + vector(floats, begin + k) * _ZERO
        return total(sums) == _ZERO
    sum_of_nothing = _ZERO
    for i in range(size):
        sum_of_nothing += memory.numbers[(begin + i) * network.lanes + lane] * _ZERO
    return sum_of_nothing == _ZERO


@inlined
def can_learn_on(network, memory, lane):
    """Whether the online network's parameters, and what the optimiser keeps, are numbers to go on with.

    A mean square that overflowed stays infinite, and its parameter would never move again.
    """
    places = memory.places
    learned = _finite(network, memory, lane, places.online, network.parameters)
    return learned and _finite(network, memory, lane, places.moments, network.moments)


@inlined
def copy_networks(network, memory, live):
    """Copy the parameters of each lane to the network that gives the targets, where they are finite."""
    numbers, places, lanes = memory.numbers, memory.places, network.lanes
    for lane in range(live):
        if memory.lanes[lane].broken == 0:
            if can_learn_on(network, memory, lane):
                for i in range(network.parameters):
                    numbers[(places.target + i) * lanes + lane] = numbers[(places.online + i) * lanes + lane]
            else:
                memory.lanes[lane].broken = 1


@inlined
def end_run(network, memory, lane, episode, out, run, max_steps, step):
    """End a run after so many steps, unless it has ended: it may have diverged in its last update."""
    if out.runs[run].diverged_at < 0:
        kept = memory.places.online
        if memory.lanes[lane].broken != 0 or not can_learn_on(network, memory, lane):
            memory.lanes[lane].broken = 1
            break_off(memory.lanes[lane], memory.episodes[episode], out, run, max_steps, step)
            kept = memory.places.target  # the last copy that was finite
        if len(out.parameters) > 0:
            for i in range(network.parameters):
                out.parameters[run, i] = memory.numbers[(kept + i) * network.lanes + lane]
