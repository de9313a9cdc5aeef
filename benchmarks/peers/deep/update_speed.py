"""One update, over and over with other batches, of every contender in turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

import numpy as np

from benchmarks.peers.deep import deep_task as task
from benchmarks.peers.deep.speed_table import OURS, Speeds

BATCHES = 2000  # of one call, which by itself costs as much as thirty small updates


def measure(peers: Sequence[task.UpdatePeer], size: task.Size, rounds: int, batches: int = BATCHES) -> Speeds:
    """Seconds of processor time an update and network, in interleaved rounds; one before them warms up."""
    rng = np.random.default_rng(1)
    most = max(peer.networks for peer in peers)
    online, target = ([task.layers(size, rng) for _ in range(most)] for _ in range(2))
    given = [task.transitions(batches, size.batch, rng) for _ in range(most)]
    updates = {peer.name: peer.updates(*(x[: peer.networks] for x in (online, target, given))) for peer in peers}
    networks = {peer.name: peer.networks for peer in peers}
    took: dict[str, list[float]] = {name: [] for name in updates}
    for number in range(rounds + 1):
        for name, call in updates.items():
            start = time.process_time()
            call()
            if number:
                took[name].append((time.process_time() - start) / (batches * networks[name]))
    return speeds_of(size.label, took)


def speeds_of(what: str, took: dict[str, list[float]]) -> Speeds:
    """Medians of rounds, and of what each takes in a round beside fastsoftq."""
    ours = took[OURS]
    times = {
        name: statistics.median(theirs / own for theirs, own in zip(seconds, ours, strict=True))
        for name, seconds in took.items()
        if name != OURS
    }
    return Speeds(what, {name: statistics.median(seconds) for name, seconds in took.items()}, times)
