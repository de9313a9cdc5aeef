"""Learning algorithms, one a file: a NamedTuple of hyperparameters and its rules. `rules.py` says what a rule is."""

from fastsoftq.agents.actor_critic import ActorCritic
from fastsoftq.agents.count_bonus import CountBonus
from fastsoftq.agents.double_q_learning import DoubleQLearning
from fastsoftq.agents.double_soft_q_learning import DoubleSoftQLearning
from fastsoftq.agents.dyna_q import DynaQ
from fastsoftq.agents.dyna_soft_q import DynaSoftQ
from fastsoftq.agents.expected_sarsa import ExpectedSarsa
from fastsoftq.agents.frozen import Frozen
from fastsoftq.agents.mellowmax_q_learning import MellowmaxQLearning
from fastsoftq.agents.n_step_sarsa import NStepSarsa
from fastsoftq.agents.n_step_soft_q_learning import NStepSoftQLearning
from fastsoftq.agents.n_step_tree_backup import NStepTreeBackup
from fastsoftq.agents.optimistic_start import OptimisticStart
from fastsoftq.agents.path_consistency import PathConsistency
from fastsoftq.agents.prioritized_sweeping import PrioritizedSweeping
from fastsoftq.agents.q_lambda import QLambda
from fastsoftq.agents.q_learning import QLearning
from fastsoftq.agents.rules import Agent
from fastsoftq.agents.sarsa import Sarsa
from fastsoftq.agents.sarsa_lambda import SarsaLambda
from fastsoftq.agents.schedules import LinearDecay, PowerDecay
from fastsoftq.agents.soft_q_lambda import SoftQLambda
from fastsoftq.agents.soft_q_learning import SoftQLearning
from fastsoftq.agents.upper_confidence import UpperConfidence
from fastsoftq.agents.visit_step_size import VisitStepSize

__all__ = [
    "ActorCritic",
    "Agent",
    "CountBonus",
    "DoubleQLearning",
    "DoubleSoftQLearning",
    "DynaQ",
    "DynaSoftQ",
    "ExpectedSarsa",
    "Frozen",
    "LinearDecay",
    "MellowmaxQLearning",
    "NStepSarsa",
    "NStepSoftQLearning",
    "NStepTreeBackup",
    "OptimisticStart",
    "PathConsistency",
    "PowerDecay",
    "PrioritizedSweeping",
    "QLambda",
    "QLearning",
    "Sarsa",
    "SarsaLambda",
    "SoftQLambda",
    "SoftQLearning",
    "UpperConfidence",
    "VisitStepSize",
]

# The agents that can be named in a study, by that name.
LEARNERS = {
    "q_learning": QLearning,
    "soft_q_learning": SoftQLearning,
    "sarsa": Sarsa,
    "expected_sarsa": ExpectedSarsa,
    "double_q_learning": DoubleQLearning,
    "double_soft_q_learning": DoubleSoftQLearning,
    "n_step_sarsa": NStepSarsa,
    "n_step_tree_backup": NStepTreeBackup,
    "n_step_soft_q_learning": NStepSoftQLearning,
    "q_lambda": QLambda,
    "sarsa_lambda": SarsaLambda,
    "soft_q_lambda": SoftQLambda,
    "mellowmax_q_learning": MellowmaxQLearning,
    "dyna_q": DynaQ,
    "dyna_soft_q": DynaSoftQ,
    "prioritized_sweeping": PrioritizedSweeping,
    "path_consistency": PathConsistency,
    "actor_critic": ActorCritic,
}

# Those that hold another agent in their field `agent`, likewise.
WRAPPERS = {
    "frozen": Frozen,
    "optimistic_start": OptimisticStart,
    "visit_step_size": VisitStepSize,
    "count_bonus": CountBonus,
    "upper_confidence": UpperConfidence,
}
