"""Statistics that hold: arrays of runs in, small frozen results out. Nothing here plots or knows of agents."""

from fastsoftq.statistics.bands import (
    Band,
    Stretch,
    confidence_band,
    difference_band,
    pointwise_intervals,
    significant_stretches,
)
from fastsoftq.statistics.best_set import BestSet, best_set
from fastsoftq.statistics.comparison import (
    Comparison,
    Welch,
    compare_samples,
    holm,
    welch_test,
)
from fastsoftq.statistics.distributions import Profile, empirical_distribution, performance_profile, tail_mean
from fastsoftq.statistics.efficiency import SampleEfficiency, area_under_curve, final_performance, sample_efficiency
from fastsoftq.statistics.group_sequential import Decision, sequential_decision
from fastsoftq.statistics.improvement import probability_of_improvement
from fastsoftq.statistics.intervals import Interval, confidence_interval
from fastsoftq.statistics.order_statistics import interquartile_mean
from fastsoftq.statistics.permutation import Permutation, permutation_test
from fastsoftq.statistics.permuted_runs import least_p_value
from fastsoftq.statistics.sample_size import SampleSize, power, seeds_needed
from fastsoftq.statistics.selection_bias import SelectionBias, selection_bias
from fastsoftq.statistics.sequential import (
    ConfidenceSequence,
    SequentialComparison,
    confidence_sequence,
    sequential_comparison,
)
from fastsoftq.statistics.suite_ranks import SuiteRanks, suite_ranks
from fastsoftq.statistics.suites import normalised, suite_interval, suite_probability_of_improvement, suite_profile
from fastsoftq.statistics.survival import SurvivalCurve, kaplan_meier, pseudo_times
from fastsoftq.statistics.tails import compare_tails, tail_interval

__all__ = [
    "Band",
    "BestSet",
    "Comparison",
    "ConfidenceSequence",
    "Decision",
    "Interval",
    "Permutation",
    "Profile",
    "SampleEfficiency",
    "SampleSize",
    "SelectionBias",
    "SequentialComparison",
    "Stretch",
    "SuiteRanks",
    "SurvivalCurve",
    "Welch",
    "area_under_curve",
    "best_set",
    "compare_samples",
    "compare_tails",
    "confidence_band",
    "confidence_interval",
    "confidence_sequence",
    "difference_band",
    "empirical_distribution",
    "final_performance",
    "holm",
    "interquartile_mean",
    "kaplan_meier",
    "least_p_value",
    "normalised",
    "performance_profile",
    "permutation_test",
    "pointwise_intervals",
    "power",
    "probability_of_improvement",
    "pseudo_times",
    "sample_efficiency",
    "seeds_needed",
    "selection_bias",
    "sequential_comparison",
    "sequential_decision",
    "significant_stretches",
    "suite_interval",
    "suite_probability_of_improvement",
    "suite_profile",
    "suite_ranks",
    "tail_interval",
    "tail_mean",
    "welch_test",
]
