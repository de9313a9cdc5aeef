"""What a report says of comparisons: tables, footnotes to intervals that are in doubt, what pairing by seed bought."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from fastsoftq.figures.labels import typeset
from fastsoftq.report.findings import Table
from fastsoftq.report.performance import Performance
from fastsoftq.report.rounding import distinct, interval_text, p_text, share_text
from fastsoftq.report.verdict import Verdict

__all__ = ["Footnotes", "band_footnotes", "comparison_table", "folders_table", "pairing"]

_MARKS = ("\N{DAGGER}", "\N{DOUBLE DAGGER}")
_DOUBT = "may hold less often than the report says"


class Footnotes:
    """Sentences below a table, each said once and marked wherever it applies.

    Examples
    --------
    >>> notes = Footnotes()
    >>> notes.interval(2.0, 1.0, 3.0, ""), notes.interval(2.0, 1.0, 3.0, "few runs")
    ('2.0 [1.0, 3.0]', '2.0 [1.0, 3.0]†')
    >>> notes.listed()
    ['† This interval may hold less often than the report says: few runs.']
    """

    def __init__(self) -> None:
        self._sentences: list[str] = []

    def mark(self, sentence: str) -> str:
        """The mark of a sentence, which is taken down unless it has been."""
        if sentence not in self._sentences:
            self._sentences.append(sentence)
        return self._mark(self._sentences.index(sentence))

    def listed(self) -> list[str]:
        """The sentences, each after its mark."""
        return [f"{self._mark(place)} {sentence}" for place, sentence in enumerate(self._sentences)]

    def _mark(self, place: int) -> str:
        return _MARKS[place] if place < len(_MARKS) else f"{_MARKS[0]}{place + 1}"

    def end(self, one: Performance) -> str:
        """The mean return of the last episodes."""
        found = one.final_return
        return self.interval(found.estimate, found.low, found.high, found.caution)

    def difference(self, verdict: Verdict) -> str:
        """The difference at the end."""
        found = verdict.comparison
        caution = found.caution.removeprefix("a - b: ")
        if caution and not found.paired:
            caution += f" (a is the agent, b is {verdict.reference.label})"
        return self.interval(found.difference, found.low, found.high, caution)

    def interval(self, estimate: float, low: float, high: float, caution: str) -> str:
        """An estimate with its interval, marked where that is in doubt."""
        text = interval_text(estimate, low, high)
        if not caution:
            return text
        why = caution.partition("; bounds=")[0]  # an argument of a function is no advice to a reader
        known = math.isfinite(low) and math.isfinite(high)
        return text + self.mark(f"This interval {_DOUBT if known else 'has no end that is known'}: {why}.")


def band_footnotes(bands: Iterable[tuple[str, str]]) -> list[str]:
    """Say which bands may hold less often than they should, and why.

    Parameters
    ----------
    bands : iterable of (str, str)
        The label of each, and its caution; empty where there is none.

    Returns
    -------
    list of str
        A sentence for each caution.

    Examples
    --------
    >>> band_footnotes([("hard", "few runs"), ("soft", "few runs"), ("cold", "")])
    ['Bands of hard and soft may hold less often than the report says: few runs.']
    """
    labels: dict[str, list[str]] = {}
    for label, caution in bands:
        if caution:
            labels.setdefault(caution, []).append(label)
    return [f"Bands of {_listed(list(dict.fromkeys(of)))} {_DOUBT}: {caution}." for caution, of in labels.items()]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, ("; ".join(names[:-1]), names[-1])))


def comparison_table(group: Sequence[Performance], reference: Performance, found: Sequence[Verdict]) -> Table:
    """Tabulate the last episodes of the agents of a world, each beside the reference.

    Parameters
    ----------
    group : sequence of Performance
    reference : Performance
        One of them.
    found : sequence of Verdict
        On the others.

    Returns
    -------
    Table

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.report.folder import ReportedAgent, Runs
    >>> from fastsoftq.report.performance import performance_of
    >>> curves = fsq.train(fsq.cliff_walking(), fsq.QLearning(0.8, 0.95), seeds=6, episodes=9, max_steps=50)
    >>> runs = Runs(curves.returns, curves.lengths, curves.truncated, curves.seeds)
    >>> one = performance_of(ReportedAgent("hard", "hard", "#d55e00", {}, lambda: runs))
    >>> comparison_table([one], one, []).header[:2]
    ['agent', 'return']
    """
    of = {id(v.one): v for v in found}
    known = any(one.returns.exact is not None for one in group)
    lost = any(one.agent.lost is not None and one.agent.lost.runs for one in group)
    notes = Footnotes()
    header = [
        "agent", "return", *(["exact"] if known else []), f"difference to {reference.label}", "p (corrected)",
        "effect size", "better runs", f"apart from {reference.columns.unit}", "worst 5\N{NO-BREAK SPACE}%", "length",
        "truncated", *(["diverged"] if lost else []),
    ]  # fmt: skip
    rows = []
    for one in group:
        row = [one.label, notes.end(one)]
        if known:
            row.append("" if one.final_exact is None else distinct(one.final_exact, 2, 0.0))
        verdict = of.get(id(one))
        if verdict is None:
            row += ["", "", "", "", ""]
        else:
            row += [notes.difference(verdict), p_text(verdict.p_value), typeset(verdict.comparison.effect_size, 2)]
            row += [share_text(verdict.comparison.probability_of_improvement), verdict.apart_from]
        row += [distinct(one.tail, 1, 0.0), typeset(one.final_length, 2), share_text(one.final_truncated)]
        rows.append([*row, *([one.agent.lost.share if one.agent.lost else ""] if lost else [])])
    caption = (
        "[ ]: intervals at the confidence of the report; p: permutation test, or the interval where that is the more "
        "cautious, corrected for all that this report compares: told apart at 0.05 or below, where the interval of the "
        "difference is clear of 0; effect size: Hedges’ g; better runs: in how many pairs of runs it beats the "
        f"reference; apart from: the first {reference.columns.unit} at which the band of the difference is clear of 0"
    )
    if lost:
        caption += "; diverged: runs in which a number became infinite or NaN; from there on each has its lowest return"
    columns = reference.columns
    title = f"The last {columns.last} of {columns.whole}" if columns.n > 1 else f"The only {columns.axis.unit}"
    return Table(header, rows, caption, title, notes.listed())


def folders_table(found: Sequence[Verdict], names: tuple[str, str]) -> Table:
    """Tabulate the last episodes of agents of two folders, side by side.

    Parameters
    ----------
    found : sequence of Verdict
        An agent in the first folder, with the same agent in the second as its reference.
    names : (str, str)
        What to call the folders.

    Returns
    -------
    Table

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.report.folder import ReportedAgent, Runs
    >>> from fastsoftq.report.performance import performance_of
    >>> curves = fsq.train(fsq.cliff_walking(), fsq.QLearning(0.8, 0.95), seeds=6, episodes=9, max_steps=50)
    >>> runs = Runs(curves.returns, curves.lengths, curves.truncated, curves.seeds)
    >>> one = performance_of(ReportedAgent("hard", "hard", "#d55e00", {}, lambda: runs))
    >>> from fastsoftq.report.verdict import verdicts
    >>> folders_table(verdicts([(one, one)]), ("before", "after")).header[:4]
    ['agent', 'before', 'after', 'difference']
    """
    notes = Footnotes()
    both = [one.agent.lost for verdict in found for one in (verdict.one, verdict.reference)]
    lost = any(each is not None and each.runs for each in both)
    rows = [
        [
            verdict.one.label,
            notes.end(verdict.one),
            notes.end(verdict.reference),
            notes.difference(verdict),
            p_text(verdict.p_value),
            share_text(verdict.comparison.probability_of_improvement),
            verdict.apart_from,
            *([_lost_in_both(verdict)] if lost else []),
        ]
        for verdict in found
    ]
    header = ["agent", *names, "difference", "p (corrected)", "better runs", f"apart from {found[0].one.columns.unit}"]
    header += [f"diverged in {names[0]}, {names[1]}"] if lost else []
    caption = (
        "[ ]: intervals at the confidence of the report; differences of mean returns; p: corrected for all that this "
        "report compares, told apart at 0.05 or below"
    )
    return Table(header, rows, caption, f"Return over the {found[0].one.last_ones}", notes.listed())


def _lost_in_both(verdict: Verdict) -> str:
    """How many runs diverged in each of two folders."""
    return ", ".join(one.agent.lost.share if one.agent.lost else "" for one in (verdict.one, verdict.reference))


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
