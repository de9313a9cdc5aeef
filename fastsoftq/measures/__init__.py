"""What is measured of learning curves: one number a run, its estimate, and the comparison of two conditions by it.

A measure has a name, as in a study's file: "last:100", "area", "steps_to:-20", "worst:0.05".
"""

from fastsoftq.measures.choosing import Best, best_of, choice_bias
from fastsoftq.measures.measure_kinds import MEASURES
from fastsoftq.measures.measuring import Measure, measure
from fastsoftq.measures.run_values import Measured, common_horizon

__all__ = ["MEASURES", "Best", "Measure", "Measured", "best_of", "choice_bias", "common_horizon", "measure"]
