"""What a thread keeps while it trains: the numbers of the networks, the buffer, the episodes under way."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.deep.replay import PrioritizedReplay, Replay, Rollouts
from fastsoftq.environments.environment_rules import MOST_NUMBERS

__all__ = ["Places", "RunMemory", "memory_bytes", "run_memory"]


class Places(NamedTuple):
    """Where each part of the network's numbers begins."""

    online: int
    target: int
    moments: int
    gradients: int
    acting: int  # activations of what acts
    activations: int  # of a batch
    ahead: int  # activations of next states
    deltas: int  # where observations are columns, they take the place of the activations
    scratch: int


# Arrays of records: code with ten arrays compiles in half the time of code with forty, one for each field.
_TRANSITION = np.dtype(
    [
        ("reward", np.float64),
        ("value", np.float64),  # of what came next; of a rollout, the return that is learned
        ("version", np.int64),  # of the target network that gave the value
        ("action", np.int32),
        ("end", np.int32),  # 0: the episode went on, 1: it terminated, 2: it was truncated
    ],
    align=True,
)
_PICKED = np.dtype(
    [
        ("place", np.int64),  # of the transition
        ("last", np.int64),  # where the steps that it is learned with end
        ("missing", np.int64),  # of a transition whose value is worked out now
        ("weight", np.float64),  # of the error
        ("bonus", np.float64),  # added to the reward (Munchausen)
    ],
    align=True,
)
_EPISODE = np.dtype(
    [
        ("total", np.float64),  # the return so far
        ("length", np.int64),
        ("key", np.int64),  # of the environment's random stream
    ],
    align=True,
)
_LANE = np.dtype(
    [
        ("count", np.float64),  # of the episodes that ended since the last point; then sums over them
        ("returns", np.float64),
        ("lengths", np.float64),
        ("truncated", np.float64),
        ("latest_return", np.float64),  # the last point's
        ("latest_length", np.float64),
        ("latest_truncated", np.float64),
        ("lowest", np.float64),  # return of a point so far
        ("greatest", np.float64),  # priority so far
        ("ended", np.int64),  # episodes so far
        ("point", np.int64),  # points written
        ("batch_key", np.int64),  # of the stream that batches are drawn by
        ("broken", np.int64),  # a number that training cannot go on with was seen
    ],
    align=True,
)


class RunMemory(NamedTuple):
    """All of it."""

    numbers: NDArray[np.float32]
    places: Places
    powers: NDArray[np.float64]  # of the optimiser
    observations: NDArray[np.float32]  # [lanes, capacity, inputs]
    nexts: NDArray[np.float32]  # the same shape: what came of it, before a reset
    transitions: NDArray[Any]  # [lanes, capacity]
    picked: NDArray[Any]  # [lanes, batch]
    priorities: NDArray[np.float64]  # [lanes, 0 or 2 * leaves]: a tree of sums
    views: NDArray[np.float32]  # [environments, inputs]: the current observations
    states: NDArray[np.float64]  # [environments, numbers of a state at most]
    episodes: NDArray[Any]  # [environments]
    lanes: NDArray[Any]  # [lanes]


def run_memory(network: Any, batches: Any, replay: Replay | PrioritizedReplay | Rollouts) -> RunMemory:
    """Room for one thread.

    Parameters
    ----------
    network, batches : Network
        As it acts, and as it learns.
    replay : Replay, PrioritizedReplay or Rollouts

    Returns
    -------
    RunMemory
    """
    lanes, inputs = network.lanes, network.inputs
    places, size = _places(network, batches)
    room = np.zeros(size * lanes + 16, np.float32)
    capacity, batch, environments = _sizes(replay)
    side_by_side = lanes * environments
    return RunMemory(
        numbers=room[(-room.ctypes.data // 4) % 16 :][: size * lanes],
        places=places,
        powers=np.ones(4),
        observations=np.zeros((lanes, capacity, inputs), np.float32),
        nexts=np.zeros((lanes, capacity, inputs), np.float32),
        transitions=np.zeros((lanes, capacity), _TRANSITION),
        picked=np.zeros((lanes, batch), _PICKED),
        priorities=np.zeros((lanes, 2 * _leaves(replay))),
        views=np.zeros((side_by_side, inputs), np.float32),
        states=np.zeros((side_by_side, MOST_NUMBERS)),
        episodes=np.zeros(side_by_side, _EPISODE),
        lanes=np.zeros(lanes, _LANE),
    )


def memory_bytes(network: Any, batches: Any, replay: Replay | PrioritizedReplay | Rollouts) -> int:
    """Bytes that a thread takes, and so each seed that is trained at a time (of `lanes` together).

    Examples
    --------
    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.network import network_for
    >>> from fastsoftq.networks.optimizers import Adam
    >>> network = network_for(MLP((64, 64)), shape=(4,), n_actions=2, batch=32, optimizer=Adam())
    >>> memory_bytes(network, network, Replay(capacity=10_000, batch=32)) < 1_000_000
    True
    """
    capacity, batch, environments = _sizes(replay)
    transition = 2 * 4 * network.inputs + _TRANSITION.itemsize
    numbers = _places(network, batches)[1]
    side = 4 * network.inputs + 8 * MOST_NUMBERS + _EPISODE.itemsize
    room = 4 * numbers + capacity * transition + batch * _PICKED.itemsize + 16 * _leaves(replay) + environments * side
    return int(network.lanes * room)


def _sizes(replay: Replay | PrioritizedReplay | Rollouts) -> tuple[int, int, int]:
    """Transitions that are kept, those of a batch, and environments."""
    if isinstance(replay, Rollouts):
        kept = replay.environments * replay.length
        return kept, kept, replay.environments
    return replay.capacity, replay.batch, 1


def _leaves(replay: Replay | PrioritizedReplay | Rollouts) -> int:
    """Leaves of the tree of priorities: a power of two."""
    return 1 << (replay.capacity - 1).bit_length() if isinstance(replay, PrioritizedReplay) else 0


def _places(network: Any, batches: Any) -> tuple[Places, int]:
    """Where parts of the network's numbers begin, and how many they are: whole cache lines, one between two parts."""
    weights, activations = network.parameters, max(network.activations, batches.activations)
    columns = batches.unit_stride > 1
    sizes = (
        weights,
        weights,
        network.moments,
        weights,
        network.activations * columns,
        activations,
        activations,
        activations * (not columns),
        max(network.scratch, batches.scratch),
    )
    begins, at = [], 0
    for size in sizes:
        begins.append(at)
        at += -(-size // 16) * 16 + 16
    places = Places(*begins)
    shared = {"deltas": places.activations} if columns else {"acting": places.activations}
    return places._replace(**shared), at
