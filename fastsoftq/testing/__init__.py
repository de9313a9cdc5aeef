"""What is wrong with an agent or an MDP of your own: `check_agent`, `check_mdp`, each a table of findings."""

from fastsoftq.testing.agent_checks import check_agent
from fastsoftq.testing.check_report import CheckReport, Finding
from fastsoftq.testing.mdp_checks import check_mdp

__all__ = ["CheckReport", "Finding", "check_agent", "check_mdp"]
