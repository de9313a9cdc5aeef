"""Markov chains that may end: classes of states, expected totals, linear equations solved to rounding."""
