"""What a condition learned, cut down to what a report shows: curves in blocks of episodes, a number for each run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastsoftq.figures.curve import Curve, curve, episode_blocks
from fastsoftq.report.folder import Condition
from fastsoftq.statistics import Interval, confidence_interval, final_performance, tail_mean

__all__ = ["WINDOW", "Learned", "facets", "learned", "setting_text"]

WINDOW = 100  # the last episodes, by which conditions are compared


@dataclass(frozen=True, eq=False)
class Learned:
    """A condition's curves, summarised.

    Attributes
    ----------
    condition : Condition
    n_episodes : int
    seeds : ndarray of uint64, shape [seeds]
    returns, lengths : Curve
    blocks : ndarray of float64, shape [seeds, blocks]
        Mean return in each block of episodes, those of the curves.
    final : ndarray of float64, shape [seeds]
        Mean return over the last episodes.
    final_return : Interval
        Over the last episodes.
    final_length, final_truncated : float
        Mean over the last episodes; of truncated ones, their share.
    level : float
        Of its bands and intervals, each by itself.
    return_bounds : (float, float) or None
        The lowest and the highest return that an episode can have, if known.
    tail : float
        Mean of the worst 5 % of `final`.
    steps : int
        That were taken in all.
    """

    condition: Condition
    n_episodes: int
    seeds: NDArray[np.uint64]
    returns: Curve
    lengths: Curve
    blocks: NDArray[np.float64]
    final: NDArray[np.float64]
    final_return: Interval
    final_length: float
    final_truncated: float
    level: float
    return_bounds: tuple[float, float] | None
    tail: float
    steps: int

    @property
    def label(self) -> str:
        """As readers call it."""
        return self.condition.label

    @property
    def window(self) -> int:
        """How many episodes the last ones are."""
        return min(WINDOW, self.n_episodes)


def learned(condition: Condition, error: float = 0.05) -> Learned:
    """Read a condition's curves and summarise them; the curves themselves are let go.

    Parameters
    ----------
    condition : Condition
    error : float
        Chance that a band, or an interval, is wrong, each by itself.

    Returns
    -------
    Learned

    Raises
    ------
    ValueError
        Fewer than two runs, or returns that are not finite.
    """
    data, level = condition.load(), 1.0 - error
    edges = episode_blocks(data.returns.shape[1])
    final = final_performance(data.returns, last=min(WINDOW, data.returns.shape[1]))
    return Learned(
        condition=condition,
        n_episodes=data.returns.shape[1],
        seeds=data.seeds,
        returns=curve(condition.label, condition.colour, data.returns, data.exact_returns, data.return_bounds, error),
        lengths=curve(condition.label, condition.colour, data.lengths, data.exact_lengths, data.length_bounds, error),
        blocks=np.add.reduceat(data.returns, edges[:-1], axis=1) / np.diff(edges),
        final=final,
        final_return=confidence_interval(final, level=level, bounds=data.return_bounds),
        final_length=float(data.lengths[:, -WINDOW:].mean()),
        final_truncated=float(data.truncated[:, -WINDOW:].mean()),
        level=level,
        return_bounds=data.return_bounds,
        tail=float(tail_mean(final)),
        steps=int(data.lengths.sum(dtype=np.int64)),
    )


def setting_text(value: str | float) -> str:
    """The value of a hyperparameter, to be read: with the fewest digits that tell it from every other number.

    Examples
    --------
    >>> setting_text(10.0), setting_text(0.95), setting_text(0.95000001)
    ('10', '0.95', '0.95000001')
    """
    if isinstance(value, str):
        return value
    text = repr(float(value) + 0.0) if isinstance(value, float) else str(value)
    return text.removesuffix(".0").replace("-", "\N{MINUS SIGN}")


def facets(all_learned: Sequence[Learned], reference: Learned | None = None) -> list[tuple[str, list[Learned]]]:
    """Share conditions out among charts so that none has a colour twice, and each shows the reference.

    Parameters
    ----------
    all_learned : sequence of Learned
    reference : Learned, optional

    Returns
    -------
    list of (str, list of Learned)
        What those of a chart have in common and others have not, such as "epsilon = 0.0"; empty for a single chart.
    """
    groups: list[list[Learned]] = []
    for one in all_learned:
        if one is not reference:
            room = (group for group in groups if all(one.condition.colour != x.condition.colour for x in group))
            group = next(room, [])
            if not group:
                groups.append(group)
            group.append(one)
    common = [set.intersection(*(set(one.condition.settings.items()) for one in group)) for group in groups]
    shared = set.intersection(*common) if common else set()
    titles = [", ".join(f"{key} = {setting_text(value)}" for key, value in sorted(own - shared)) for own in common]
    everywhere = [reference] if reference is not None else []
    if not groups:
        return [("", everywhere)]
    return [(title, [*everywhere, *group]) for title, group in zip(titles, groups, strict=True)]
