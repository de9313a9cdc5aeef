"""How many times as fast as each peer, in interleaved rounds of one process: a noisy machine does not move it much."""

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
    unit = "times"

    def setup(self, contender, peer):
        if reason := PEERS[peer].missing():
            raise NotImplementedError(reason)

    def track_times_as_fast(self, contender, peer):
        ours, case = CONTENDERS[contender]
        entries = [sized(ours, case, SECONDS), sized(PEERS[peer], case, SECONDS)]
        for _ in rounds(entries, ROUNDS):
            pass
        return statistics.median(a / b for a, b in zip(*(entry.speeds for entry in entries), strict=True))
