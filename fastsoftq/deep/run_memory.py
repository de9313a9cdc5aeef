"""What a thread keeps while it trains: the numbers of the networks, the buffer, the episodes under way."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.deep.replay import PrioritizedReplay, Replay, Rollouts

__all__ = ["Buffer", "Episodes", "Places", "RunMemory", "memory_bytes", "run_memory"]


class Places(NamedTuple):
    """Where each part of the network's numbers begins."""

    online: int
    target: int
    moments: int
    gradients: int
    activations: int
    ahead: int  # activations of next states
    deltas: int
    scratch: int


class Buffer(NamedTuple):
    """The transitions that are kept, of each lane, and the batch that is learned from."""

    observations: NDArray[np.float32]  # [lanes, capacity, inputs]
    nexts: NDArray[np.float32]  # the same shape: what came of it, before a reset
    actions: NDArray[np.int32]  # [lanes, capacity]
    rewards: NDArray[np.float64]
    ends: NDArray[np.uint8]  # 0: the episode went on, 1: it terminated, 2: it was truncated
    values: NDArray[np.float64]  # of `nexts`; of rollouts, the returns that are learned
    versions: NDArray[np.int64]  # of the target network that gave the value
    priorities: NDArray[np.float64]  # [lanes, 0 or 2 * leaves]: a tree of sums
    greatest: NDArray[np.float64]  # [lanes]: the greatest priority so far
    picked: NDArray[np.int64]  # [lanes, batch]: places of the batch's transitions
    lasts: NDArray[np.int64]  # where the steps that each is learned with end
    missing: NDArray[np.int64]  # places whose values are worked out now
    weights: NDArray[np.float64]  # of the errors
    bonuses: NDArray[np.float64]  # added to rewards (Munchausen)


class Episodes(NamedTuple):
    """The episodes under way, and what has ended since the last point of the grid."""

    views: NDArray[np.float32]  # [environments, inputs]: the current observations
    states: NDArray[np.float64]  # [environments, numbers of a state]
    keys: NDArray[np.int64]  # [environments]: of their random streams
    totals: NDArray[np.float64]  # [environments]: the return so far
    lengths: NDArray[np.int64]
    ended: NDArray[np.float64]  # [lanes, 4]: of the episodes ended since: count, returns, lengths, truncated
    latest: NDArray[np.float64]  # [lanes, 3]: mean return, mean length, share truncated of the last point
    counts: NDArray[np.int64]  # [lanes, 2]: episodes ended so far; points written
    lowest: NDArray[np.float64]  # [lanes]: the lowest return of a point so far
    batch_keys: NDArray[np.int64]  # [lanes]: of the stream that batches are drawn by
    broken: NDArray[np.bool_]  # [lanes]: a number that is not finite was seen


class RunMemory(NamedTuple):
    """All of it."""

    numbers: NDArray[np.float32]
    places: Places
    powers: NDArray[np.float64]  # of the optimiser
    buffer: Buffer
    episodes: Episodes


def run_memory(network: Any, replay: Replay | PrioritizedReplay | Rollouts, state_numbers: int) -> RunMemory:
    """Room for one thread.

    Parameters
    ----------
    network : Network
    replay : Replay, PrioritizedReplay or Rollouts
    state_numbers : int
        Numbers of an environment's state.

    Returns
    -------
    RunMemory
    """
    lanes, inputs = network.lanes, network.inputs
    places, size = _places(network)
    room = np.zeros(size * lanes + 16, np.float32)
    numbers = room[(-room.ctypes.data // 4) % 16 :][: size * lanes]
    capacity, batch, environments = _sizes(replay)
    leaves = _leaves(replay)
    many = (lanes, capacity)
    chosen = (lanes, batch)
    buffer = Buffer(
        observations=np.zeros((lanes, capacity, inputs), np.float32),
        nexts=np.zeros((lanes, capacity, inputs), np.float32),
        actions=np.zeros(many, np.int32),
        rewards=np.zeros(many),
        ends=np.zeros(many, np.uint8),
        values=np.zeros(many),
        versions=np.zeros(many, np.int64),
        priorities=np.zeros((lanes, 2 * leaves)),
        greatest=np.zeros(lanes),
        picked=np.zeros(chosen, np.int64),
        lasts=np.zeros(chosen, np.int64),
        missing=np.zeros(chosen, np.int64),
        weights=np.zeros(chosen),
        bonuses=np.zeros(chosen),
    )
    side_by_side = lanes * environments
    episodes = Episodes(
        views=np.zeros((side_by_side, inputs), np.float32),
        states=np.zeros((side_by_side, state_numbers)),
        keys=np.zeros(side_by_side, np.int64),
        totals=np.zeros(side_by_side),
        lengths=np.zeros(side_by_side, np.int64),
        ended=np.zeros((lanes, 4)),
        latest=np.zeros((lanes, 3)),
        counts=np.zeros((lanes, 2), np.int64),
        lowest=np.zeros(lanes),
        batch_keys=np.zeros(lanes, np.int64),
        broken=np.zeros(lanes, np.bool_),
    )
    return RunMemory(numbers, places, np.ones(4), buffer, episodes)


def memory_bytes(network: Any, replay: Replay | PrioritizedReplay | Rollouts) -> int:
    """Bytes that a thread takes, and so each seed that is trained at a time (of `lanes` together).

    Examples
    --------
    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.network import network_for
    >>> from fastsoftq.networks.optimizers import Adam
    >>> network = network_for(MLP((64, 64)), shape=(4,), n_actions=2, batch=32, optimizer=Adam())
    >>> memory_bytes(network, Replay(capacity=10_000, batch=32)) < 1_000_000
    True
    """
    capacity, batch, environments = _sizes(replay)
    transition = 2 * 4 * network.inputs + 4 + 8 + 1 + 8 + 8
    numbers = _places(network)[1]
    tree = 16 * _leaves(replay)
    sides = environments * (4 * network.inputs + 8 * 16)
    return int(network.lanes * (4 * numbers + capacity * transition + tree + 40 * batch + sides))


def _sizes(replay: Replay | PrioritizedReplay | Rollouts) -> tuple[int, int, int]:
    """Transitions that are kept, those of a batch, and environments."""
    if isinstance(replay, Rollouts):
        kept = replay.environments * replay.length
        return kept, kept, replay.environments
    return replay.capacity, replay.batch, 1


def _leaves(replay: Replay | PrioritizedReplay | Rollouts) -> int:
    """Leaves of the tree of priorities: a power of two."""
    return 1 << (replay.capacity - 1).bit_length() if isinstance(replay, PrioritizedReplay) else 0


def _places(network: Any) -> tuple[Places, int]:
    """Where parts of the network's numbers begin, and how many they are: whole cache lines, one between two parts."""
    parameters, activations = network.parameters, network.activations
    begins, at = [], 0
    for size in (
        parameters,
        parameters,
        network.moments,
        parameters,
        activations,
        activations,
        activations,
        network.scratch,
    ):
        begins.append(at)
        at += -(-size // 16) * 16 + 16
    return Places(*begins), at
