"""Agents of the result folders that tests write, and how to spoil such a folder."""

import json
from pathlib import Path

from fastsoftq.agents import LinearDecay, QLearning, SoftQLearning

HARD = QLearning(step_size=0.8, discount=0.95, epsilon=LinearDecay(0.9, 0.1, 0.001))
SOFT = SoftQLearning(step_size=0.8, discount=0.95, temperature=1.0, reward_scale=10.0)
COLD = SOFT._replace(reward_scale=30.0)


def edited(path: Path, change):
    """Change a JSON file."""
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))
