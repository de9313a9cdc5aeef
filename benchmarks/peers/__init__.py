"""Other ways to do the same work, to be compared with: one a file, all of them doing what `task.py` says.

`python -m benchmarks.peers` checks that they learn the same curves, then measures them side by side.
"""

from benchmarks.peers import (
    c_plain,
    envpool_stepping,
    fastsoftq_train,
    gymnasium_loop,
    jax_scan,
    numba_plain,
    numpy_seeds,
    python_lists,
)

OTHERS = tuple(
    module.peer
    for module in (gymnasium_loop, envpool_stepping, python_lists, numpy_seeds, jax_scan, numba_plain, c_plain)
)
PEERS = (*OTHERS, fastsoftq_train.double, fastsoftq_train.mixed)
