"""Bands and intervals over learning curves, beside rliable and scipy.stats.bootstrap.

All resample 2000 times. SciPy resamples whole runs and rliable each episode by itself; both find pointwise percentile
intervals only, where the band holds for the whole curve.
"""

import numpy as np
from scipy.stats import bootstrap

from fastsoftq.statistics import (
    compare_samples,
    confidence_band,
    confidence_interval,
    difference_band,
    pointwise_intervals,
    sequential_comparison,
)

RESAMPLES = 2000


class Curves:
    """Learning curves of [runs, episodes]."""

    params = ((100, 1000), (1000,))
    param_names = ("runs", "episodes")
    repeat = (5, 40, 2.0)  # least, most, seconds

    def setup(self, runs, episodes):
        rng = np.random.default_rng(0)
        self.a, self.b = rng.normal(size=(2, runs, episodes)).cumsum(axis=2)
        confidence_band(self.a[:, :2], resamples=100)  # SciPy is imported on first use

    def time_confidence_band(self, runs, episodes):
        confidence_band(self.a, resamples=RESAMPLES)

    def peakmem_confidence_band(self, runs, episodes):
        confidence_band(self.a, resamples=RESAMPLES)

    def time_paired_difference_band(self, runs, episodes):
        difference_band(self.a, self.b, resamples=RESAMPLES)

    def time_unpaired_difference_band(self, runs, episodes):
        difference_band(self.a, self.b, paired=False, resamples=RESAMPLES)

    def time_pointwise_intervals(self, runs, episodes):
        pointwise_intervals(self.a)


class Peers:
    """The same curves given to the usual tools."""

    params = ((100, 1000), (1000,))
    param_names = ("runs", "episodes")
    timeout = 600.0
    repeat, rounds, warmup_time = 3, 1, 0.0

    def setup(self, runs, episodes):
        self.a = np.random.default_rng(0).normal(size=(runs, episodes)).cumsum(axis=1)

    def time_scipy_bootstrap(self, runs, episodes):
        # One resample at a time: at 1000 x 1000 all of them together would take 16 GB, and a few are no faster.
        bootstrap((self.a,), np.mean, axis=0, n_resamples=RESAMPLES, method="percentile", batch=1)


class Rliable:
    """The same curves given to rliable: half a minute at 1000 x 1000, so a tenth of the runs."""

    params = ((100,), (1000,))
    param_names = ("runs", "episodes")
    timeout = 600.0
    repeat, rounds, warmup_time = 1, 1, 0.0

    def setup(self, runs, episodes):
        try:
            from rliable.library import get_interval_estimates
        except ImportError as error:
            raise NotImplementedError("rliable is not installed") from error
        except Exception as error:  # its arch 7 beside pandas 3
            raise NotImplementedError(f"rliable cannot be imported: {error}") from error
        self.get_interval_estimates = get_interval_estimates
        self.a = np.random.default_rng(0).normal(size=(runs, episodes)).cumsum(axis=1)

    def time_interval_estimates(self, runs, episodes):
        self.get_interval_estimates({"a": self.a[:, None, :]}, lambda x: x.mean(axis=(0, 1)), reps=RESAMPLES)


class Runs:
    """One number per run."""

    params = ((20, 1000),)
    param_names = ("runs",)
    repeat = (5, 40, 2.0)  # least, most, seconds

    def setup(self, runs):
        self.a, self.b = np.random.default_rng(0).uniform(size=(2, runs))
        confidence_interval(self.a, "median")

    def time_mean(self, runs):
        confidence_interval(self.a)

    def time_interquartile_mean(self, runs):
        confidence_interval(self.a, "interquartile_mean")

    def time_paired_comparison(self, runs):
        compare_samples(self.a, self.b)

    def time_unpaired_comparison(self, runs):
        compare_samples(self.a, self.b, paired=False)

    def time_sequential_comparison(self, runs):
        sequential_comparison(self.a, self.b, (0.0, 1.0))
