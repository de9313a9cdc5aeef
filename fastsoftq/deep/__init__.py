"""Deep Q-learning: the rules of agents on rows that a network gives."""
