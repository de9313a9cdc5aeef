"""What share of a peer's time an environment step takes, in interleaved rounds of one process.

A noisy machine does not move it much. Lower is better, as asv takes it; 0.05 is twenty times as fast.
"""

import statistics

from benchmarks.peers import c_plain, fastsoftq_train, jax_scan, numba_plain, task
from benchmarks.peers.measure import rounds, sized

CONTENDERS = {f"{case.label}, double": (fastsoftq_train.double, case) for case in task.LEARNING} | {
    f"{case.label}, mixed": (fastsoftq_train.mixed, case) for case in fastsoftq_train.mixed.cases
}
PEERS = {module.peer.name: module.peer for module in (c_plain, numba_plain, jax_scan)}
SECONDS, ROUNDS = 0.1, 5


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
