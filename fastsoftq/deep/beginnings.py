"""How a run begins, how an episode begins, and what a run leaves."""

from __future__ import annotations

import numpy as np

from fastsoftq.deep.curve_points import begin_points
from fastsoftq.deep.states import keep_state
from fastsoftq.environments.environment_rules import observe, reset
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.mixing import mixed
from fastsoftq.kernels.random import seed
from fastsoftq.networks.network import initialise

__all__ = ["begin_environment", "begin_networks", "keep_parameters"]

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
        run = min(first + lane, len(work.seeds) - 1)
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
    """Begin an episode: its start is drawn by the stream at `key`."""
    state = reset(env, mixed(key + _START))
    keep_state(memory.states, place, state)
    observe(env, state, memory.views[place])
    memory.episodes[place].total = 0.0
    memory.episodes[place].length = 0


@inlined
def keep_parameters(network, memory, lane, out, run):
    """Keep the parameters that a run ends with, if they are asked for."""
    if len(out.parameters) > 0:
        for i in range(network.parameters):
            out.parameters[run, i] = memory.numbers[(memory.places.online + i) * network.lanes + lane]
