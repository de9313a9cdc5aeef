"""Environments as rules: what a network may learn in, continuous worlds and tables alike."""

from fastsoftq.environments.cart_pole import cart_pole
from fastsoftq.environments.environment_rules import Description, Environment, describe, observe, reset, step

__all__ = ["Description", "Environment", "cart_pole", "describe", "observe", "reset", "step"]
