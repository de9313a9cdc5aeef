"""What NumPy and SciPy have of the kernels in `kernels.py`, whole tables at once; times and sizes as there."""

import numpy as np
from scipy import special

from benchmarks.kernels import PASSES, STATES
from benchmarks.measuring import per_million


class States:
    """Operators over whole tables of 4 actions."""

    same = {  # noqa: RUF012
        "hard_value": lambda q: q.max(axis=1).sum(),
        "soft_value": lambda q: 0.5 * special.logsumexp(q / 0.5, axis=1).sum(),
        "softmax": lambda q: special.softmax(q / 0.5, axis=1),
        "entropy": lambda q: special.entr(q).sum(),
    }
    params = (list(same),)
    param_names = ("kernel",)

    def setup(self, kernel):
        self.q = np.random.default_rng(0).dirichlet(np.ones(4), STATES)
        self.timer = per_million(PASSES * STATES)

    def time_per_million_states(self, kernel):
        for _ in range(PASSES):
            self.same[kernel](self.q)


class Numbers:
    """Exponentials, logarithms, random numbers."""

    same = {  # noqa: RUF012
        "exp2": lambda q: np.exp2(q).sum(),
        "log2": lambda q: np.log2(q).sum(),
        "uniform": lambda q: np.random.default_rng(1).random(q.size).sum(),
        "integer": lambda q: np.random.default_rng(1).integers(10, size=q.size).sum(),
    }
    params = (list(same),)
    param_names = ("kernel",)

    def setup(self, kernel):
        self.q = np.random.default_rng(0).dirichlet(np.ones(4), STATES)
        self.timer = per_million(PASSES * self.q.size)

    def time_per_million_numbers(self, kernel):
        for _ in range(PASSES):
            self.same[kernel](self.q)
