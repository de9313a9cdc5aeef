"""Hard or soft? Tabular soft Q-learning beside standard Q-learning, at hardware speed.

The public names load on first use, so that `import fastsoftq` itself takes no time.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Where each public name lives: the one list of them.
_HOME = {
    "Adam": "fastsoftq.networks.optimizers",
    "Convolutional": "fastsoftq.networks.architectures",
    "Deep": "fastsoftq.deep.learner",
    "DeepCurves": "fastsoftq.deep.deep_curves",
    "Demonstrations": "fastsoftq.planning.inverse_rl.demonstrations",
    "ExpectedSarsa": "fastsoftq.agents.expected_sarsa",
    "Frozen": "fastsoftq.agents.frozen",
    "Huber": "fastsoftq.networks.losses",
    "LearningCurves": "fastsoftq.engine.curves",
    "LinearDecay": "fastsoftq.agents.schedules",
    "MLP": "fastsoftq.networks.architectures",
    "Munchausen": "fastsoftq.deep.learner",
    "PowerDecay": "fastsoftq.agents.schedules",
    "PrioritizedReplay": "fastsoftq.deep.replay",
    "QLearning": "fastsoftq.agents.q_learning",
    "RMSProp": "fastsoftq.networks.optimizers",
    "Replay": "fastsoftq.deep.replay",
    "Rollouts": "fastsoftq.deep.replay",
    "SGD": "fastsoftq.networks.optimizers",
    "Sarsa": "fastsoftq.agents.sarsa",
    "SoftQLearning": "fastsoftq.agents.soft_q_learning",
    "Squared": "fastsoftq.networks.losses",
    "TabularMDP": "fastsoftq.mdp.tabular",
    "acrobot": "fastsoftq.environments.acrobot",
    "action_values": "fastsoftq.deep.action_values",
    "breakout": "fastsoftq.environments.breakout",
    "cart_pole": "fastsoftq.environments.cart_pole",
    "catch": "fastsoftq.environments.catch",
    "check_environment": "fastsoftq.environments.checking",
    "cliff_walking": "fastsoftq.mdp.cliff_walking",
    "compare": "fastsoftq.comparing",
    "critical_reward_scale": "fastsoftq.planning.critical",
    "devices": "fastsoftq.hardware",
    "elbo": "fastsoftq.planning.inference",
    "evaluate_policy": "fastsoftq.planning.evaluation",
    "fit_epsilon_greedy": "fastsoftq.planning.inverse_rl.behaviour",
    "fit_rewards": "fastsoftq.planning.inverse_rl.reward_weights",
    "fit_temperature": "fastsoftq.planning.inverse_rl.behaviour",
    "from_gymnasium": "fastsoftq.mdp.gymnasium",
    "from_map": "fastsoftq.mdp.grid",
    "gymnasium_environment": "fastsoftq.environments.gymnasium_environment",
    "load_demonstrations": "fastsoftq.planning.inverse_rl.demonstrations",
    "log_likelihood": "fastsoftq.planning.inverse_rl.behaviour",
    "mountain_car": "fastsoftq.environments.mountain_car",
    "multi_goal": "fastsoftq.mdp.multi_goal",
    "multi_goal_point_mass": "fastsoftq.environments.multi_goal_point_mass",
    "observed": "fastsoftq.environments.observed",
    "occupancy": "fastsoftq.planning.occupancy",
    "optimal_trajectory_posterior": "fastsoftq.planning.inference",
    "pendulum": "fastsoftq.environments.pendulum",
    "plot_grid": "fastsoftq.figures.grid_world",
    "point_mass": "fastsoftq.mdp.point_mass",
    "policy_iteration": "fastsoftq.planning.iteration",
    "rule": "fastsoftq.kernels.rule_families",
    "sample_trajectories": "fastsoftq.planning.trajectories",
    "soft_value_iteration": "fastsoftq.planning.iteration",
    "stream": "fastsoftq.training",
    "to_gymnasium": "fastsoftq.mdp.gymnasium",
    "train": "fastsoftq.training",
    "value_iteration": "fastsoftq.planning.iteration",
    "variational_policy": "fastsoftq.planning.inference",
}
_SUBPACKAGES = (
    "agents",
    "deep",
    "engine",
    "environments",
    "experiments",
    "figures",
    "kernels",
    "mdp",
    "measures",
    "networks",
    "planning",
    "report",
    "statistics",
    "studies",
    "testing",
)

__all__ = [*_HOME, *_SUBPACKAGES]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
    elif name in _SUBPACKAGES:
        value = importlib.import_module(f"fastsoftq.{name}")
    else:
        raise AttributeError(f"module 'fastsoftq' has no attribute {name!r}{_nearest(name)}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def _nearest(name: str) -> str:
    import difflib

    close = difflib.get_close_matches(name, __all__, 1)
    return f"; did you mean {close[0]!r}?" if close else ""


if TYPE_CHECKING:
    from fastsoftq.agents.expected_sarsa import ExpectedSarsa as ExpectedSarsa
    from fastsoftq.agents.frozen import Frozen as Frozen
    from fastsoftq.agents.q_learning import QLearning as QLearning
    from fastsoftq.agents.sarsa import Sarsa as Sarsa
    from fastsoftq.agents.schedules import LinearDecay as LinearDecay
    from fastsoftq.agents.schedules import PowerDecay as PowerDecay
    from fastsoftq.agents.soft_q_learning import SoftQLearning as SoftQLearning
    from fastsoftq.comparing import compare as compare
    from fastsoftq.deep.action_values import action_values as action_values
    from fastsoftq.deep.deep_curves import DeepCurves as DeepCurves
    from fastsoftq.deep.learner import Deep as Deep
    from fastsoftq.deep.learner import Munchausen as Munchausen
    from fastsoftq.deep.replay import PrioritizedReplay as PrioritizedReplay
    from fastsoftq.deep.replay import Replay as Replay
    from fastsoftq.deep.replay import Rollouts as Rollouts
    from fastsoftq.engine.curves import LearningCurves as LearningCurves
    from fastsoftq.environments.acrobot import acrobot as acrobot
    from fastsoftq.environments.breakout import breakout as breakout
    from fastsoftq.environments.cart_pole import cart_pole as cart_pole
    from fastsoftq.environments.catch import catch as catch
    from fastsoftq.environments.checking import check_environment as check_environment
    from fastsoftq.environments.gymnasium_environment import gymnasium_environment as gymnasium_environment
    from fastsoftq.environments.mountain_car import mountain_car as mountain_car
    from fastsoftq.environments.multi_goal_point_mass import multi_goal_point_mass as multi_goal_point_mass
    from fastsoftq.environments.observed import observed as observed
    from fastsoftq.environments.pendulum import pendulum as pendulum
    from fastsoftq.figures.grid_world import plot_grid as plot_grid
    from fastsoftq.hardware import devices as devices
    from fastsoftq.kernels.rule_families import rule as rule
    from fastsoftq.mdp.cliff_walking import cliff_walking as cliff_walking
    from fastsoftq.mdp.grid import from_map as from_map
    from fastsoftq.mdp.gymnasium import from_gymnasium as from_gymnasium
    from fastsoftq.mdp.gymnasium import to_gymnasium as to_gymnasium
    from fastsoftq.mdp.multi_goal import multi_goal as multi_goal
    from fastsoftq.mdp.point_mass import point_mass as point_mass
    from fastsoftq.mdp.tabular import TabularMDP as TabularMDP
    from fastsoftq.networks.architectures import MLP as MLP
    from fastsoftq.networks.architectures import Convolutional as Convolutional
    from fastsoftq.networks.losses import Huber as Huber
    from fastsoftq.networks.losses import Squared as Squared
    from fastsoftq.networks.optimizers import SGD as SGD
    from fastsoftq.networks.optimizers import Adam as Adam
    from fastsoftq.networks.optimizers import RMSProp as RMSProp
    from fastsoftq.planning.critical import critical_reward_scale as critical_reward_scale
    from fastsoftq.planning.evaluation import evaluate_policy as evaluate_policy
    from fastsoftq.planning.inference import elbo as elbo
    from fastsoftq.planning.inference import optimal_trajectory_posterior as optimal_trajectory_posterior
    from fastsoftq.planning.inference import variational_policy as variational_policy
    from fastsoftq.planning.inverse_rl.behaviour import fit_epsilon_greedy as fit_epsilon_greedy
    from fastsoftq.planning.inverse_rl.behaviour import fit_temperature as fit_temperature
    from fastsoftq.planning.inverse_rl.behaviour import log_likelihood as log_likelihood
    from fastsoftq.planning.inverse_rl.demonstrations import Demonstrations as Demonstrations
    from fastsoftq.planning.inverse_rl.demonstrations import load_demonstrations as load_demonstrations
    from fastsoftq.planning.inverse_rl.reward_weights import fit_rewards as fit_rewards
    from fastsoftq.planning.iteration import policy_iteration as policy_iteration
    from fastsoftq.planning.iteration import soft_value_iteration as soft_value_iteration
    from fastsoftq.planning.iteration import value_iteration as value_iteration
    from fastsoftq.planning.occupancy import occupancy as occupancy
    from fastsoftq.planning.trajectories import sample_trajectories as sample_trajectories
    from fastsoftq.training import stream as stream
    from fastsoftq.training import train as train
