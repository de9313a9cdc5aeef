"""Statistics that hold: arrays of runs in, small frozen results out. Nothing here plots or knows of agents."""

from fastsoftq.statistics.bands import (
    Band,
    Stretch,
    confidence_band,
    difference_band,
    pointwise_intervals,
    significant_stretches,
)
from fastsoftq.statistics.comparison import (
    Comparison,
    Welch,
    compare_samples,
    holm,
    probability_of_improvement,
    welch_test,
)
from fastsoftq.statistics.intervals import Interval, confidence_interval, interquartile_mean
from fastsoftq.statistics.permutation import Permutation, permutation_test

__all__ = [
    "Band",
    "Comparison",
    "Interval",
    "Permutation",
    "Stretch",
    "Welch",
    "compare_samples",
    "confidence_band",
    "confidence_interval",
    "difference_band",
    "holm",
    "interquartile_mean",
    "permutation_test",
    "pointwise_intervals",
    "probability_of_improvement",
    "significant_stretches",
    "welch_test",
]
