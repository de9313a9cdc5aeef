"""Environments as rules: what a network may learn in, continuous worlds and tables alike.

One environment a file, each a NamedTuple and its rules; `environment_rules.py` says what a rule is.
"""

from collections.abc import Callable
from typing import Any

from fastsoftq.environments.acrobot import acrobot
from fastsoftq.environments.breakout import breakout
from fastsoftq.environments.cart_pole import cart_pole
from fastsoftq.environments.catch import catch
from fastsoftq.environments.checking import check_environment
from fastsoftq.environments.environment_rules import (
    Description,
    Environment,
    describe,
    environment_name,
    known_environments,
    observe,
    reset,
    step,
)
from fastsoftq.environments.gymnasium_environment import gymnasium_environment
from fastsoftq.environments.mountain_car import mountain_car
from fastsoftq.environments.multi_goal_point_mass import multi_goal_point_mass
from fastsoftq.environments.observed import observed
from fastsoftq.environments.pendulum import pendulum

__all__ = [
    "ENVIRONMENT_KINDS",
    "Description",
    "Environment",
    "acrobot",
    "breakout",
    "cart_pole",
    "catch",
    "check_environment",
    "describe",
    "environment_name",
    "gymnasium_environment",
    "known_environments",
    "mountain_car",
    "multi_goal_point_mass",
    "observe",
    "observed",
    "pendulum",
    "reset",
    "step",
]

ENVIRONMENT_KINDS: dict[str, Callable[..., Any]] = {
    "acrobot": acrobot,
    "breakout": breakout,
    "cart_pole": cart_pole,
    "catch": catch,
    "gymnasium_environment": gymnasium_environment,
    "mountain_car": mountain_car,
    "multi_goal_point_mass": multi_goal_point_mass,
    "pendulum": pendulum,
}
"""The environments that can be named in a study, by that name, beside every tabular one with a `view`."""
