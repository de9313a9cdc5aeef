"""Who is better, in words that claim no more than the numbers do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastsoftq.report.curves import REACH, episode_blocks
from fastsoftq.report.folder import Condition
from fastsoftq.report.learned import Learned, setting_text
from fastsoftq.report.svg import typeset
from fastsoftq.statistics import (
    Band,
    Comparison,
    Stretch,
    compare_samples,
    difference_band,
    holm,
    least_p_value,
    significant_stretches,
)

__all__ = ["Verdict", "answers", "interval_text", "pairing", "reference_of", "verdicts"]

_ALPHA = 0.05
_TELLING = 5  # pairs from which on a correlation is more than noise


@dataclass(frozen=True, eq=False)
class Verdict:
    """A condition against the reference.

    Attributes
    ----------
    one, reference : Learned
    comparison : Comparison
        Of mean return over the last episodes, one - reference; of the seeds that both have, paired, if there are any.
    p_value : float
        Holm's, for as many comparisons as there are.
    among : int
        How many those are.
    band : Band or None
        Of the difference of their curves, over blocks of episodes; None where they have not as many episodes.
    reach : ndarray of float64, shape [2, blocks]
        Between which values nine tenths of the differences of runs lie; empty where there is no band.
    """

    one: Learned
    reference: Learned
    comparison: Comparison
    p_value: float
    among: int
    band: Band | None
    reach: NDArray[np.float64]

    @property
    def sign(self) -> int:
        """+1 better, -1 worse, 0 not told apart: the interval holds 0, or the corrected test does not reject."""
        c = self.comparison
        return (int(c.low > 0.0) - int(c.high < 0.0)) if self.p_value <= _ALPHA else 0

    @property
    def stretches(self) -> list[Stretch]:
        """Episodes, counted from 1, in which the curves are apart; `stop` is the last one."""
        if self.band is None:
            return []
        edges = episode_blocks(self.one.n_episodes)
        found = significant_stretches(self.band)
        return [Stretch(int(edges[s.start]) + 1, int(edges[s.stop]), s.sign) for s in found]

    @property
    def apart_from(self) -> str:
        """The first episode in which the curves are apart; a dash where they are of different length."""
        if self.band is None:
            return "\N{EN DASH}"
        return str(self.stretches[0].start) if self.stretches else "never"

    def words(self, *, brief: bool = False) -> str:
        """The verdict as a sentence.

        Parameters
        ----------
        brief : bool
            Leave out what another verdict has said already: which episodes, how many seeds.

        Returns
        -------
        str
        """
        c = self.comparison
        name, other = self.one.label, self.reference.label
        of = "" if brief else f" over the last {self.one.window} episodes, {self._runs}"
        if self.sign:
            verb = "beats" if self.sign > 0 else "falls behind"
            by = interval_text(abs(c.difference), *sorted((abs(c.low), abs(c.high))))
            return f"{name} {verb} {other} by {by} return{of}; {self.parting}."
        why = f"the difference is {interval_text(c.difference, c.low, c.high)} return"
        if not c.low <= 0.0 <= c.high:
            least = min(1.0, self.among * least_p_value(c.runs_a, c.runs_b, c.paired))
            if least > _ALPHA:
                why += (
                    ", but so few seeds cannot tell: the interval is by Student’s t, the test by permutation, and "
                    f"its p{self._corrected} is {least:.2g} at the least"
                )
            else:
                why += f", but by permutation p = {self.p_value:.2g}{self._corrected}"
        return f"{name} and {other} are not told apart{of}: {why}; {self.parting}."

    @property
    def unlike(self) -> str:
        """In which settings the two differ, as a sentence: there lies the reason, but in which of them is not told."""
        ours, theirs = self.one.condition.settings, self.reference.condition.settings
        names = [name for name in {**theirs, **ours} if ours.get(name) != theirs.get(name)]
        if not names:
            return ""
        texts = [[setting_text(own[name]) if name in own else "none" for name in names] for own in (ours, theirs)]
        pairs = [f"{name.replace('_', ' ')} ({a} against {b})" for name, a, b in zip(names, *texts, strict=True)]
        return f"{self.one.label} and {self.reference.label} differ in {', '.join(pairs)}."

    @property
    def parting(self) -> str:
        """When their curves are apart."""
        if self.band is None:
            return "their curves are of different length"
        stretches = self.stretches
        if not stretches:
            return "their curves are nowhere apart"
        last = stretches[-1]
        if not self.sign and last.stop == self.one.n_episodes:
            return f"the band of the difference of their curves is clear of 0 {_spans(stretches)}"
        if last.stop < self.one.n_episodes or (self.sign and last.sign != self.sign):
            return f"their curves are apart {_spans(stretches)} only"
        opposite = [s for s in stretches if s.sign != last.sign]
        if opposite:
            before = "behind" if last.sign > 0 else "ahead"
            return (
                f"it is {before} {_spans(opposite)} and {'ahead' if last.sign > 0 else 'behind'} from {last.start} on"
            )
        return f"they part at episode {stretches[0].start}"

    @property
    def _corrected(self) -> str:
        return " corrected for all comparisons" if self.among > 1 else ""

    @property
    def _runs(self) -> str:
        c = self.comparison
        if c.paired:
            return f"{typeset(c.runs_a)} paired seeds"
        return f"{typeset(c.runs_a)} and {typeset(c.runs_b)} seeds, not paired"


def reference_of(conditions: Sequence[Condition]) -> Condition:
    """What others are compared with: hard Q-learning, or else the first."""
    hard = [condition for condition in conditions if condition.settings.get("algorithm") == "QLearning"]
    return (hard or list(conditions))[0]


def verdicts(pairs: Sequence[tuple[Learned, Learned]]) -> list[Verdict]:
    """Compare conditions with their references.

    Parameters
    ----------
    pairs : sequence of (Learned, Learned)
        A condition and its reference.

    Returns
    -------
    list of Verdict
    """
    found = []
    for one, reference in pairs:
        common, *rows = np.intersect1d(one.seeds, reference.seeds, return_indices=True)
        paired = len(common) > 1  # runs of the same seed are not independent: those that have no partner are left out
        a, b = rows if paired else (slice(None), slice(None))
        comparison = compare_samples(one.final[a], reference.final[b], paired)
        band, reach = None, np.empty((2, 0))
        if one.n_episodes == reference.n_episodes:
            ours, theirs, few = (
                one.blocks[a],
                reference.blocks[b],
                slice(min(len(one.blocks[a]), len(reference.blocks[b]))),
            )
            band = difference_band(ours, theirs, paired, bounds=_common(one.return_bounds, reference.return_bounds))
            reach = np.quantile(ours[few] - theirs[few], REACH, axis=0)
        found.append((one, reference, comparison, band, reach))
    corrected = holm([comparison.p_value for _, _, comparison, _, _ in found]).tolist() if found else []
    return [Verdict(*parts[:3], p, len(found), *parts[3:]) for parts, p in zip(found, corrected, strict=True)]


def _common(a: tuple[float, float] | None, b: tuple[float, float] | None) -> tuple[float, float] | None:
    """The bounds of both."""
    return None if a is None or b is None else (min(a[0], b[0]), max(a[1], b[1]))


def answers(found: Sequence[Verdict]) -> list[str]:
    """The verdicts in words, that on the best condition first and in full.

    Parameters
    ----------
    found : sequence of Verdict
        All against the same reference.

    Returns
    -------
    list of str
        As many.
    """
    if not found:
        return []
    best, *rest = sorted(found, key=lambda verdict: -verdict.comparison.mean_a)
    first = best.words()
    if best.sign < 0 and rest:
        first = f"{best.reference.label} is ahead of all {len(found)} others. The best of them: {first}"
    return [first, *(verdict.words(brief=True) for verdict in rest)]


def pairing(found: Sequence[Verdict]) -> str:
    """What common random numbers bought.

    Parameters
    ----------
    found : sequence of Verdict

    Returns
    -------
    str
        A sentence; empty where nothing was paired.
    """
    paired = [v for v in found if v.comparison.paired and math.isfinite(v.comparison.correlation)]
    if not paired:
        return ""
    fewest = min(v.comparison.runs_a for v in paired)
    if fewest < _TELLING:
        return f"What pairing runs by seed bought, {fewest} seeds are too few to tell."
    r = [v.comparison.correlation for v in paired]
    noise = 2.0 / math.sqrt(fewest)
    span = typeset(min(r), 2) + (f" to {typeset(max(r), 2)}" if len(r) > 1 else "")
    if max(r) <= noise:
        bought = "nothing"
        if min(r) < -noise:
            bought += ", and where it is negative the comparison takes somewhat more seeds than it would unpaired"
    else:
        best = max(paired, key=lambda v: v.comparison.correlation)
        bought = f"most for {best.one.label}, where it saved {typeset(best.comparison.seeds_saved)} seeds on each side"
    return f"Pairing runs by seed bought {bought}: the correlation of paired runs is {span}."


def interval_text(estimate: float, low: float, high: float) -> str:
    """An estimate with its interval, to as many decimals as the interval makes sense of.

    Examples
    --------
    >>> interval_text(37.0312, 36.44, 37.62)
    '37.0 [36.4, 37.6]'
    """
    half = (high - low) / 2.0
    whole = math.floor(math.log10(max(abs(low), abs(high), 1.0)))
    decimals = min(max(0, 4 - whole), max(0, -math.floor(math.log10(half) - 0.3))) if half > 0.0 else 2
    return f"{typeset(estimate, decimals)} [{typeset(low, decimals)}, {typeset(high, decimals)}]"


def _spans(stretches: Sequence[Stretch]) -> str:
    texts = [f"{s.start}" if s.start == s.stop else f"{s.start} to {s.stop}" for s in stretches]
    shown = texts if len(texts) <= 3 else [*texts[:2], f"and {len(texts) - 2} stretches more"]
    single = len(shown) == 1 and stretches[0].start == stretches[0].stop
    return f"in episode{'' if single else 's'} {', '.join(shown)}"
