"""Who is better, in words that claim no more than the numbers do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastsoftq.figures.columns import Columns
from fastsoftq.figures.curve import REACH
from fastsoftq.figures.labels import typeset
from fastsoftq.measures.choosing import reference_among
from fastsoftq.report.decision import ALPHA, ErrorRate, decided, decided_band, sign
from fastsoftq.report.folder import ReportedAgent
from fastsoftq.report.performance import Performance
from fastsoftq.report.rounding import interval_text, p_text
from fastsoftq.statistics import Band, Comparison, Stretch, least_p_value, significant_stretches

__all__ = ["Verdict", "answers", "reference_of", "verdicts"]

_SHOWN = 3  # stretches that are told of


@dataclass(frozen=True, eq=False)
class Verdict:
    """An agent compared with the reference.

    Attributes
    ----------
    one, reference : Performance
    comparison : Comparison
        Of mean return over the last episodes, one - reference; paired, over the seeds that both have, if they share
        two. Its interval, at the level 1 - `error`, is clear of 0 where its p-value is `error` at most.
    error : float
        Chance at which equals are taken for different at the end, and again anywhere on their curves.
    band : Band or None
        Of the difference of their curves, over blocks of episodes, or points; None where their numbers differ, and
        where it was not asked for.
    reach : ndarray of float64, shape [2, blocks]
        The 5 % and the 95 % quantile of the differences of runs; empty where there is no band.
    """

    one: Performance
    reference: Performance
    comparison: Comparison
    error: float
    band: Band | None
    reach: NDArray[np.float64]

    @property
    def p_value(self) -> float:
        """Corrected for all other comparisons: 0.05 at most where the two are told apart."""
        return self._corrected(self.comparison.p_value)

    @property
    def sign(self) -> int:
        """+1 better, -1 worse, 0 not told apart: the interval holds 0, and the corrected p-value is above 0.05."""
        return sign(self.comparison)

    @property
    def stretches(self) -> list[Stretch]:
        """Episodes, counted from 1, or steps, in which the curves are told apart; `stop` is the last one."""
        if self.band is None:
            return []
        columns = self.one.columns
        found = significant_stretches(self.band)
        edges, number = columns.edges, columns.number
        return [Stretch(number(int(edges[s.start]) + 1), number(int(edges[s.stop])), s.sign) for s in found]

    @property
    def apart_from(self) -> str:
        """The first episode, or step, at which the curves are told apart; a dash where there is no band."""
        if self.band is None:
            return "\N{EN DASH}"
        return self.one.columns.shown(self.stretches[0].start) if self.stretches else "not told"

    def words(self, *, brief: bool = False) -> str:
        """The verdict as a sentence.

        Parameters
        ----------
        brief : bool
            Leave out the episodes and the number of seeds, which another verdict has told.

        Returns
        -------
        str
        """
        c = self.comparison
        name, other = self.one.label, self.reference.label
        of = "" if brief else f" over the {self.one.last_ones}, {self._runs}"
        if self.sign:
            verb = "beats" if self.sign > 0 else "falls behind"
            least, most = sorted((abs(c.low), abs(c.high)))
            by = interval_text(abs(c.difference), least, most)
            return f"{name} {verb} {other} by {by} return{of}; {self.parting}."
        why = f"the difference is {interval_text(c.difference, c.low, c.high)} return, p = {p_text(self.p_value)}"
        least = self._corrected(least_p_value(c.runs_a, c.runs_b, c.paired))
        if least > ALPHA:
            why += f"; of so few seeds p is {p_text(least)} at the least, so that nothing can be told"
        return f"{name} and {other} are not told apart{of or ' at the end'}: {why}; {self.parting}."

    @property
    def unlike(self) -> str:
        """The settings in which the two differ, as a sentence; any of them may be the reason."""
        told = [f"{name} ({a} against {b})" for name, b, a in self.reference.agent.unlike(self.one.agent)]
        return f"{self.one.label} and {self.reference.label} differ in {', '.join(told)}." if told else ""

    @property
    def parting(self) -> str:
        """Where their curves are told apart, and who is ahead there."""
        if self.band is None:
            if self.one.columns.match(self.reference.columns):
                return "their curves are not compared"
            return "their curves are of different length"
        found, columns = self.stretches, self.one.columns
        end, unit = columns.number(columns.n), columns.unit
        if not found:
            if self.sign:
                return f"no {'block of episodes' if unit == 'episode' else 'point'} alone tells their curves apart"
            return f"at no {columns.axis.unit} are their curves told apart"
        signs = list(dict.fromkeys(s.sign for s in found))
        if len(signs) > 1:
            where = [f"{'ahead' if sign > 0 else 'behind'} {_spans(found, sign, columns)}" for sign in signs]
            return f"it is {' and '.join(where)}"
        if len(found) == 1 and found[0].stop == end and self.sign == found[0].sign:
            return f"they part at {unit} {columns.shown(found[0].start)} at the latest"
        only = "" if found[-1].stop == end else " only"
        return f"their curves are told apart {_spans(found, signs[0], columns)}{only}"

    def _corrected(self, p: float) -> float:
        """A p-value that is compared with 0.05 rather than with `error`."""
        return min(1.0, p * ALPHA / self.error) if p > self.error else min(ALPHA, p * ALPHA / self.error)

    @property
    def _runs(self) -> str:
        c = self.comparison
        if c.paired:
            return f"{typeset(c.runs_a)} paired seeds"
        return f"{typeset(c.runs_a)} and {typeset(c.runs_b)} seeds, not paired"


def reference_of(agents: Sequence[ReportedAgent], study: Sequence[ReportedAgent] = ()) -> ReportedAgent:
    """Choose the agent that others of a world are compared with, by the rule of `reference_among`.

    Parameters
    ----------
    agents : sequence of ReportedAgent
        Of the world.
    study : sequence of ReportedAgent
        Of all worlds: what is found among them comes first, where this world has it.

    Returns
    -------
    ReportedAgent

    Examples
    --------
    >>> soft, hard = (ReportedAgent(a, a, "#000000", {"algorithm": a}, None) for a in ("SoftQLearning", "QLearning"))
    >>> reference_of([soft, hard]).name
    'QLearning'
    """
    kinds = {"QLearning": "q_learning"}  # as a study calls it
    for among in (study or agents, agents):
        algorithms = [str(one.settings.get("algorithm")) for one in among]
        tables = [one.table or one.name for one in among]
        wanted = reference_among({t: kinds.get(a, a) for t, a in zip(tables, algorithms, strict=True)})
        here = [one for one in agents if (one.table or one.name) == wanted]
        if here:
            break
    return here[0]


def verdicts(
    pairs: Sequence[tuple[Performance, Performance]], error: float | None = None, *, banded: bool = True
) -> list[Verdict]:
    """Compare agents with their references.

    Parameters
    ----------
    pairs : sequence of (Performance, Performance)
        An agent and its reference.
    error : float, optional
        Chance at which equals are taken for different at the end of a pair, and again on its curves; 5 % for all of
        these pairs together if not given.
    banded : bool
        Whether curves are compared too, which takes most of the time.

    Returns
    -------
    list of Verdict

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.report.folder import Runs
    >>> from fastsoftq.report.performance import performance_of
    >>> curves = fsq.train(fsq.cliff_walking(), fsq.QLearning(0.8, 0.95), seeds=12, episodes=9, max_steps=50)
    >>> runs = Runs(curves.returns, curves.lengths, curves.truncated, curves.seeds)
    >>> hard = performance_of(ReportedAgent("hard", "hard", "#d55e00", {}, lambda: runs))
    >>> better = runs._replace(returns=runs.returns + 99.0 + runs.seeds[:, None])
    >>> soft = performance_of(ReportedAgent("soft", "soft", "#0064a0", {}, lambda: better))
    >>> [verdict.sign for verdict in verdicts([(soft, hard)])]
    [1]
    """
    each = ErrorRate(0, len(pairs)).of_comparison if error is None else error
    return [_verdict(one, reference, each, banded) for one, reference in pairs]


def _verdict(one: Performance, reference: Performance, error: float, banded: bool) -> Verdict:
    common, *rows = np.intersect1d(one.seeds, reference.seeds, return_indices=True)
    paired = len(common) > 1  # runs of the same seed are not independent; runs without a partner are left out
    a, b = rows if paired else (slice(None), slice(None))
    bounds = _common(one.return_bounds, reference.return_bounds)
    comparison = decided(one.final[a], reference.final[b], paired, error, bounds)
    band, reach = None, np.empty((2, 0))
    if banded and one.columns.match(reference.columns):
        ours, theirs = one.blocks[a], reference.blocks[b]
        few = slice(min(len(ours), len(theirs)))
        band = decided_band(ours, theirs, paired, error, bounds)
        reach = np.quantile(ours[few] - theirs[few], REACH, axis=0)
    return Verdict(one, reference, comparison, error, band, reach)


def _common(a: tuple[float, float] | None, b: tuple[float, float] | None) -> tuple[float, float] | None:
    """The bounds of both."""
    return None if a is None or b is None else (min(a[0], b[0]), max(a[1], b[1]))


def answers(found: Sequence[Verdict]) -> list[str]:
    """Put verdicts into words: the one on the best agent first, and in full.

    Parameters
    ----------
    found : sequence of Verdict
        All against the same reference.

    Returns
    -------
    list of str
        As many.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.report.folder import Runs
    >>> from fastsoftq.report.performance import performance_of
    >>> curves = fsq.train(fsq.cliff_walking(), fsq.QLearning(0.8, 0.95), seeds=12, episodes=9, max_steps=50)
    >>> runs = Runs(curves.returns, curves.lengths, curves.truncated, curves.seeds)
    >>> hard = performance_of(ReportedAgent("hard", "hard", "#d55e00", {}, lambda: runs))
    >>> better = runs._replace(returns=runs.returns + 99.0 + runs.seeds[:, None])
    >>> soft = performance_of(ReportedAgent("soft", "soft", "#0064a0", {}, lambda: better))
    >>> answers(verdicts([(soft, hard)]))[0][:15]
    'soft beats hard'
    """
    if not found:
        return []
    best, *rest = sorted(found, key=lambda verdict: -verdict.comparison.mean_a)
    first = best.words()
    if best.sign < 0 and rest:
        behind = sum(verdict.sign < 0 for verdict in found)
        share = f"all {len(found)}" if behind == len(found) else f"{behind} of {len(found)}"
        first = f"{best.reference.label} is ahead of {share} others. The one with the highest mean: {first}"
    return [first, *(verdict.words(brief=True) for verdict in rest)]


def _spans(stretches: Sequence[Stretch], sign: int, columns: Columns) -> str:
    """The episodes, or steps, in which the difference has a sign."""
    end, unit, shown = columns.number(columns.n), columns.unit, columns.shown
    *closed, last = [s for s in stretches if s.sign == sign]
    lasting = last.stop == end and last.start < end
    if not lasting:
        closed.append(last)
    texts = [shown(s.start) if s.start == s.stop else f"{shown(s.start)} to {shown(s.stop)}" for s in closed]
    if len(texts) > _SHOWN:
        texts[_SHOWN - 1 :] = [f"and {len(texts) - _SHOWN + 1} stretches more"]
    single = len(closed) == 1 and closed[0].start == closed[0].stop
    where = "in" if unit == "episode" else "at" if single else "from"
    told = [f"{where} {unit}{'' if single else 's'} {', '.join(texts)}"] if closed else []
    return " and ".join([*told, f"from {unit} {shown(last.start)} on"] if lasting else told)
