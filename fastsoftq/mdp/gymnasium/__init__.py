"""To Gymnasium and back. Gymnasium itself is loaded only when an environment is converted."""

from fastsoftq.mdp.gymnasium.conversion import from_gymnasium, to_gymnasium
from fastsoftq.mdp.gymnasium.making import maker

__all__ = ["from_gymnasium", "maker", "to_gymnasium"]
