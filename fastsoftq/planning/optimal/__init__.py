"""Optimal values, hard and soft: an MDP reduced to problems that end, solved by policies, and proved."""
