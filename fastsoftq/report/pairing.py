"""What pairing runs by seed bought, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fastsoftq.figures.labels import typeset
from fastsoftq.report.rounding import distinct
from fastsoftq.report.verdict import Verdict

__all__ = ["pairing"]

_TELLING = 5  # pairs from which on a correlation is more than noise


def pairing(found: Sequence[Verdict], error: float = 0.05) -> str:
    """Say what common random numbers bought.

    Parameters
    ----------
    found : sequence of Verdict
    error : float
        Chance at which runs without correlation are taken for correlated, each pair by itself.

    Returns
    -------
    str
        A sentence; empty where nothing was paired.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.report.folder import ReportedAgent, Runs
    >>> from fastsoftq.report.performance import performance_of
    >>> curves = fsq.train(fsq.cliff_walking(), fsq.QLearning(0.8, 0.95), seeds=12, episodes=9, max_steps=50)
    >>> runs = Runs(curves.returns, curves.lengths, curves.truncated, curves.seeds)
    >>> hard = performance_of(ReportedAgent("hard", "hard", "#d55e00", {}, lambda: runs))
    >>> better = runs._replace(returns=runs.returns + 99.0 + runs.seeds[:, None])
    >>> soft = performance_of(ReportedAgent("soft", "soft", "#0064a0", {}, lambda: better))
    >>> from fastsoftq.report.verdict import verdicts
    >>> pairing(verdicts([(soft, hard)]))[:28]
    'Pairing runs by seed bought '
    """
    paired = [v for v in found if v.comparison.paired and math.isfinite(v.comparison.correlation)]
    if not paired:
        return ""
    fewest = min(v.comparison.runs_a for v in paired)
    if fewest < _TELLING:
        return f"What pairing runs by seed bought, {fewest} seeds are too few to tell."
    ordered = sorted(paired, key=lambda v: v.comparison.correlation)
    ends = [distinct(v.comparison.correlation, 2, -1.0, 0.0, 1.0) for v in (ordered[0], ordered[-1])]
    span = ends[0] + (f" to {ends[1]}" if len(paired) > 1 else "")
    least, most = _correlated(ordered[0], error), _correlated(ordered[-1], error)
    bought = f"most for {ordered[-1].one.label}, {_saved(ordered[-1])}" if most > 0 else "nothing that can be told"
    if least < 0:
        bought += ", and where the correlation is negative the comparison takes more seeds than it would unpaired"
    return f"Pairing runs by seed bought {bought}: the correlation of paired runs is {span}."


def _correlated(verdict: Verdict, error: float) -> int:
    """The sign of a correlation, and 0 where it is not told from none (Fisher 1921)."""
    from scipy.special import ndtri

    c = verdict.comparison
    half = float(ndtri(1.0 - error / 2.0)) / math.sqrt(c.runs_a - 3)
    return int(c.correlation > math.tanh(half)) - int(c.correlation < -math.tanh(half))


def _saved(verdict: Verdict) -> str:
    seeds = verdict.comparison.seeds_saved
    if math.isinf(seeds):
        return "whose runs differ by the same for every seed"
    return f"where it saved {f'about {typeset(seeds)} seeds' if seeds >= 1.0 else 'less than a seed'} on each side"
