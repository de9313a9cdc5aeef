"""The exact answers: value iteration, policy evaluation and inference on a known MDP."""
