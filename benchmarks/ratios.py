"""What share of a peer's time an environment step takes, in interleaved rounds of one process.

A noisy machine does not move it much. Lower is better, as asv takes it; 0.05 is twenty times as fast.
"""

import statistics

from benchmarks.peers import c_plain, fastsoftq_train, jax_scan, numba_plain, task
from benchmarks.peers.measure import rounds, sized

CONTENDERS = {
    "hard": (fastsoftq_train.double, task.HARD),
    "soft, k = 10": (fastsoftq_train.double, task.SOFT_10),
    "soft, k = 10, mixed": (fastsoftq_train.mixed, task.SOFT_10),
}
PEERS = {module.peer.name: module.peer for module in (c_plain, numba_plain, jax_scan)}
SECONDS, ROUNDS = 0.1, 9


class Ratios:
    params = (list(CONTENDERS), list(PEERS))
    param_names = ("contender", "peer")
    timeout = 300.0
    unit = "of its time"

    def setup(self, contender, peer):
        if reason := PEERS[peer].missing():
            raise NotImplementedError(reason)

    def track_share_of_its_time(self, contender, peer):
        ours, case = CONTENDERS[contender]
        entries = [sized(ours, case, SECONDS), sized(PEERS[peer], case, SECONDS)]
        for _ in rounds(entries, ROUNDS):
            pass
        return statistics.median(theirs / own for own, theirs in zip(*(entry.speeds for entry in entries), strict=True))
