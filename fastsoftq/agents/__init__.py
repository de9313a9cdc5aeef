"""Learning algorithms, one a file: a NamedTuple of hyperparameters and its rules. `rules.py` says what a rule is."""

from fastsoftq.agents.double_q_learning import DoubleQLearning
from fastsoftq.agents.expected_sarsa import ExpectedSarsa
from fastsoftq.agents.frozen import Frozen
from fastsoftq.agents.q_learning import QLearning
from fastsoftq.agents.rules import Agent
from fastsoftq.agents.sarsa import Sarsa
from fastsoftq.agents.schedules import LinearDecay, PowerDecay
from fastsoftq.agents.soft_q_learning import SoftQLearning

__all__ = [
    "Agent",
    "DoubleQLearning",
    "ExpectedSarsa",
    "Frozen",
    "LinearDecay",
    "PowerDecay",
    "QLearning",
    "Sarsa",
    "SoftQLearning",
]

# The agents that can be named in a study, by that name.
LEARNERS = {
    "q_learning": QLearning,
    "soft_q_learning": SoftQLearning,
    "sarsa": Sarsa,
    "expected_sarsa": ExpectedSarsa,
    "double_q_learning": DoubleQLearning,
}
