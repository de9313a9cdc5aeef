"""Optimal values, hard and soft: an MDP is reduced to problems that end, and solved with bounds on the error."""
