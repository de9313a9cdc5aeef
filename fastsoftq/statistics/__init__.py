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
    welch_test,
)
from fastsoftq.statistics.distributions import Profile, empirical_distribution, performance_profile, tail_mean
from fastsoftq.statistics.efficiency import SampleEfficiency, area_under_curve, final_performance, sample_efficiency
from fastsoftq.statistics.improvement import probability_of_improvement
from fastsoftq.statistics.intervals import Interval, confidence_interval
from fastsoftq.statistics.order_statistics import interquartile_mean
from fastsoftq.statistics.permutation import Permutation, permutation_test
from fastsoftq.statistics.permuted_runs import least_p_value
from fastsoftq.statistics.sample_size import SampleSize, power, seeds_needed
from fastsoftq.statistics.sequential import (
    ConfidenceSequence,
    SequentialComparison,
    confidence_sequence,
    sequential_comparison,
)
from fastsoftq.statistics.suites import suite_interval, suite_probability_of_improvement, suite_profile

__all__ = [
    "Band",
    "Comparison",
    "ConfidenceSequence",
    "Interval",
    "Permutation",
    "Profile",
    "SampleEfficiency",
    "SampleSize",
    "SequentialComparison",
    "Stretch",
    "Welch",
    "area_under_curve",
    "compare_samples",
    "confidence_band",
    "confidence_interval",
    "confidence_sequence",
    "difference_band",
    "empirical_distribution",
    "final_performance",
    "holm",
    "interquartile_mean",
    "least_p_value",
    "performance_profile",
    "permutation_test",
    "pointwise_intervals",
    "power",
    "probability_of_improvement",
    "sample_efficiency",
    "seeds_needed",
    "sequential_comparison",
    "significant_stretches",
    "suite_interval",
    "suite_probability_of_improvement",
    "suite_profile",
    "tail_mean",
    "welch_test",
]
