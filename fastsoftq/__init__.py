"""Hard or soft? Soft Q-learning beside standard Q-learning, in tables and by networks, at hardware speed.

The public names load on first use, so that `import fastsoftq` itself takes no time.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from fastsoftq.system.after_import import after_import

__version__ = "0.1.0"

# Where each public name lives: the one list of them.
_HOME = {
    "ActorCritic": "fastsoftq.agents.actor_critic",
    "Adam": "fastsoftq.networks.optimizers",
    "ChangingMDP": "fastsoftq.mdp.changing",
    "Convolutional": "fastsoftq.networks.architectures",
    "CountBonus": "fastsoftq.agents.count_bonus",
    "Deep": "fastsoftq.deep.learner",
    "DeepCurves": "fastsoftq.deep.deep_curves",
    "Demonstrations": "fastsoftq.planning.inverse_rl.demonstrations",
    "DoubleQLearning": "fastsoftq.agents.double_q_learning",
    "DoubleSoftQLearning": "fastsoftq.agents.double_soft_q_learning",
    "DynaQ": "fastsoftq.agents.dyna_q",
    "DynaSoftQ": "fastsoftq.agents.dyna_soft_q",
    "ExpectedSarsa": "fastsoftq.agents.expected_sarsa",
    "Frozen": "fastsoftq.agents.frozen",
    "Huber": "fastsoftq.networks.losses",
    "LearningCurves": "fastsoftq.engine.curves",
    "LinearDecay": "fastsoftq.agents.schedules",
    "MLP": "fastsoftq.networks.architectures",
    "MellowmaxQLearning": "fastsoftq.agents.mellowmax_q_learning",
    "Munchausen": "fastsoftq.deep.learner",
    "NStepSarsa": "fastsoftq.agents.n_step_sarsa",
    "NStepSoftQLearning": "fastsoftq.agents.n_step_soft_q_learning",
    "NStepTreeBackup": "fastsoftq.agents.n_step_tree_backup",
    "OptimisticStart": "fastsoftq.agents.optimistic_start",
    "PathConsistency": "fastsoftq.agents.path_consistency",
    "PowerDecay": "fastsoftq.agents.schedules",
    "PrioritizedReplay": "fastsoftq.deep.replay",
    "PrioritizedSweeping": "fastsoftq.agents.prioritized_sweeping",
    "QLambda": "fastsoftq.agents.q_lambda",
    "QLearning": "fastsoftq.agents.q_learning",
    "RMSProp": "fastsoftq.networks.optimizers",
    "Replay": "fastsoftq.deep.replay",
    "Rollouts": "fastsoftq.deep.replay",
    "SGD": "fastsoftq.networks.optimizers",
    "Sarsa": "fastsoftq.agents.sarsa",
    "SarsaLambda": "fastsoftq.agents.sarsa_lambda",
    "SoftQLambda": "fastsoftq.agents.soft_q_lambda",
    "SoftQLearning": "fastsoftq.agents.soft_q_learning",
    "Squared": "fastsoftq.networks.losses",
    "TabularMDP": "fastsoftq.mdp.tabular",
    "UpperConfidence": "fastsoftq.agents.upper_confidence",
    "VisitStepSize": "fastsoftq.agents.visit_step_size",
    "acrobot": "fastsoftq.environments.acrobot",
    "action_values": "fastsoftq.deep.action_values",
    "blackjack": "fastsoftq.mdp.blackjack",
    "breakout": "fastsoftq.environments.breakout",
    "cart_pole": "fastsoftq.environments.cart_pole",
    "catch": "fastsoftq.environments.catch",
    "chain": "fastsoftq.mdp.chain",
    "check_environment": "fastsoftq.environments.checking",
    "cliff_walking": "fastsoftq.mdp.cliff_walking",
    "compare": "fastsoftq.comparing",
    "critical_reward_scale": "fastsoftq.planning.critical",
    "deep_sea": "fastsoftq.mdp.deep_sea",
    "devices": "fastsoftq.hardware",
    "diameter": "fastsoftq.planning.hardness",
    "dyna_maze": "fastsoftq.mdp.dyna_maze",
    "effective_horizon": "fastsoftq.planning.hardness",
    "elbo": "fastsoftq.planning.inference",
    "evaluate_policy": "fastsoftq.planning.evaluation",
    "fit_epsilon_greedy": "fastsoftq.planning.inverse_rl.behaviour",
    "fit_rewards": "fastsoftq.planning.inverse_rl.reward_weights",
    "fit_temperature": "fastsoftq.planning.inverse_rl.behaviour",
    "four_rooms": "fastsoftq.mdp.four_rooms",
    "from_gymnasium": "fastsoftq.mdp.gymnasium",
    "from_map": "fastsoftq.mdp.grid",
    "frozen_lake": "fastsoftq.mdp.frozen_lake",
    "garnet": "fastsoftq.mdp.garnet",
    "gymnasium_environment": "fastsoftq.environments.gymnasium_environment",
    "inventory": "fastsoftq.mdp.inventory",
    "jacks_car_rental": "fastsoftq.mdp.jacks_car_rental",
    "load_demonstrations": "fastsoftq.planning.inverse_rl.demonstrations",
    "log_likelihood": "fastsoftq.planning.inverse_rl.behaviour",
    "mountain_car": "fastsoftq.environments.mountain_car",
    "mountain_car_grid": "fastsoftq.mdp.mountain_car_grid",
    "multi_goal": "fastsoftq.mdp.multi_goal",
    "multi_goal_point_mass": "fastsoftq.environments.multi_goal_point_mass",
    "observed": "fastsoftq.environments.observed",
    "occupancy": "fastsoftq.planning.occupancy",
    "optimal_trajectory_posterior": "fastsoftq.planning.inference",
    "pendulum": "fastsoftq.environments.pendulum",
    "plot_grid": "fastsoftq.figures.grid_world",
    "point_mass": "fastsoftq.mdp.point_mass",
    "policy": "fastsoftq.learned_policy",
    "policy_iteration": "fastsoftq.planning.iteration",
    "river_swim": "fastsoftq.mdp.river_swim",
    "rule": "fastsoftq.kernels.rule_families",
    "sample_trajectories": "fastsoftq.planning.trajectories",
    "soft_value_iteration": "fastsoftq.planning.iteration",
    "stream": "fastsoftq.training",
    "taxi": "fastsoftq.mdp.taxi",
    "to_gymnasium": "fastsoftq.mdp.gymnasium",
    "train": "fastsoftq.training",
    "value_gap": "fastsoftq.planning.hardness",
    "value_iteration": "fastsoftq.planning.iteration",
    "variational_policy": "fastsoftq.planning.inference",
    "windy_gridworld": "fastsoftq.mdp.windy_gridworld",
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


def _register_worlds() -> None:
    importlib.import_module("fastsoftq.mdp.gymnasium.registration").register_worlds()


after_import("gymnasium", _register_worlds)

if TYPE_CHECKING:
    from fastsoftq.agents.actor_critic import ActorCritic as ActorCritic
    from fastsoftq.agents.count_bonus import CountBonus as CountBonus
    from fastsoftq.agents.double_q_learning import DoubleQLearning as DoubleQLearning
    from fastsoftq.agents.double_soft_q_learning import DoubleSoftQLearning as DoubleSoftQLearning
    from fastsoftq.agents.dyna_q import DynaQ as DynaQ
    from fastsoftq.agents.dyna_soft_q import DynaSoftQ as DynaSoftQ
    from fastsoftq.agents.expected_sarsa import ExpectedSarsa as ExpectedSarsa
    from fastsoftq.agents.frozen import Frozen as Frozen
    from fastsoftq.agents.mellowmax_q_learning import MellowmaxQLearning as MellowmaxQLearning
    from fastsoftq.agents.n_step_sarsa import NStepSarsa as NStepSarsa
    from fastsoftq.agents.n_step_soft_q_learning import NStepSoftQLearning as NStepSoftQLearning
    from fastsoftq.agents.n_step_tree_backup import NStepTreeBackup as NStepTreeBackup
    from fastsoftq.agents.optimistic_start import OptimisticStart as OptimisticStart
    from fastsoftq.agents.path_consistency import PathConsistency as PathConsistency
    from fastsoftq.agents.prioritized_sweeping import PrioritizedSweeping as PrioritizedSweeping
    from fastsoftq.agents.q_lambda import QLambda as QLambda
    from fastsoftq.agents.q_learning import QLearning as QLearning
    from fastsoftq.agents.sarsa import Sarsa as Sarsa
    from fastsoftq.agents.sarsa_lambda import SarsaLambda as SarsaLambda
    from fastsoftq.agents.schedules import LinearDecay as LinearDecay
    from fastsoftq.agents.schedules import PowerDecay as PowerDecay
    from fastsoftq.agents.soft_q_lambda import SoftQLambda as SoftQLambda
    from fastsoftq.agents.soft_q_learning import SoftQLearning as SoftQLearning
    from fastsoftq.agents.upper_confidence import UpperConfidence as UpperConfidence
    from fastsoftq.agents.visit_step_size import VisitStepSize as VisitStepSize
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
    from fastsoftq.learned_policy import policy as policy
    from fastsoftq.mdp.blackjack import blackjack as blackjack
    from fastsoftq.mdp.chain import chain as chain
    from fastsoftq.mdp.changing import ChangingMDP as ChangingMDP
    from fastsoftq.mdp.cliff_walking import cliff_walking as cliff_walking
    from fastsoftq.mdp.deep_sea import deep_sea as deep_sea
    from fastsoftq.mdp.dyna_maze import dyna_maze as dyna_maze
    from fastsoftq.mdp.four_rooms import four_rooms as four_rooms
    from fastsoftq.mdp.frozen_lake import frozen_lake as frozen_lake
    from fastsoftq.mdp.garnet import garnet as garnet
    from fastsoftq.mdp.grid import from_map as from_map
    from fastsoftq.mdp.gymnasium import from_gymnasium as from_gymnasium
    from fastsoftq.mdp.gymnasium import to_gymnasium as to_gymnasium
    from fastsoftq.mdp.inventory import inventory as inventory
    from fastsoftq.mdp.jacks_car_rental import jacks_car_rental as jacks_car_rental
    from fastsoftq.mdp.mountain_car_grid import mountain_car_grid as mountain_car_grid
    from fastsoftq.mdp.multi_goal import multi_goal as multi_goal
    from fastsoftq.mdp.point_mass import point_mass as point_mass
    from fastsoftq.mdp.river_swim import river_swim as river_swim
    from fastsoftq.mdp.tabular import TabularMDP as TabularMDP
    from fastsoftq.mdp.taxi import taxi as taxi
    from fastsoftq.mdp.windy_gridworld import windy_gridworld as windy_gridworld
    from fastsoftq.networks.architectures import MLP as MLP
    from fastsoftq.networks.architectures import Convolutional as Convolutional
    from fastsoftq.networks.losses import Huber as Huber
    from fastsoftq.networks.losses import Squared as Squared
    from fastsoftq.networks.optimizers import SGD as SGD
    from fastsoftq.networks.optimizers import Adam as Adam
    from fastsoftq.networks.optimizers import RMSProp as RMSProp
    from fastsoftq.planning.critical import critical_reward_scale as critical_reward_scale
    from fastsoftq.planning.evaluation import evaluate_policy as evaluate_policy
    from fastsoftq.planning.hardness import diameter as diameter
    from fastsoftq.planning.hardness import effective_horizon as effective_horizon
    from fastsoftq.planning.hardness import value_gap as value_gap
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
