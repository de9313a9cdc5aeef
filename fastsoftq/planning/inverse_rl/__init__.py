"""Inverse reinforcement learning: demonstrations, and the temperature or the rewards that explain them best."""
