"""What the agents of the shelf come to: step sizes chosen on some seeds, regret and scores on the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.experiments import Settings
from fastsoftq.experiments.certainty import compare_together, interval_columns
from fastsoftq.experiments.shelf_agents import AGENTS, FAMILIES
from fastsoftq.experiments.shelf_worlds import WORLDS, attainable
from fastsoftq.report.decision import sign
from fastsoftq.report.rounding import interval_text
from fastsoftq.statistics import Comparison, suite_interval
from fastsoftq.statistics.suites import normalised

__all__ = [
    "PILOT",
    "Learned",
    "Swept",
    "by_world",
    "compared",
    "comparisons",
    "found",
    "reduced",
    "rows",
    "suite",
    "suite_columns",
]

PILOT = 20  # the first seeds, on which each agent's step size is chosen in each world; the others are reported
BLOCKS = 25  # of equally many episodes, whose means are drawn
LAST = 0.1  # of the episodes, at the end

Floats = NDArray[np.float64]


class Swept(NamedTuple):
    """What an agent earned in a world with one step size."""

    value: float  # the step size, or the power
    pilot: Floats  # [pilot seeds], mean return of all episodes
    mean: Floats  # [seeds], the same, of the seeds that are reported
    last: Floats  # [seeds], of the last episodes
    blocks: Floats  # [seeds, blocks], of each block of episodes
    ends: NDArray[np.int64]  # [blocks], the last episode of each


class Learned(NamedTuple):
    """What an agent earned in a world."""

    world: str
    agent: str
    swept: Sequence[Swept]
    best: int  # which of these has the highest mean return on the pilot seeds, the first of equals
    optimum: float  # return of an episode
    random: float
    bounds: tuple[float, float]

    @property
    def chosen(self) -> Swept:
        """With the step size that was chosen."""
        return self.swept[self.best]

    @property
    def regret(self) -> Floats:
        """What an episode earned less than the optimum, in the mean of a run [seeds]."""
        return np.asarray(self.optimum - self.chosen.mean)

    def scores(self, returns: Floats) -> Floats:
        """Returns on the scale on which the random policy has 0 and the optimum 1; all 1 where these are the same."""
        if not self.optimum > self.random:  # of episodes too short for anything to be learned
            return np.ones_like(returns)
        return np.asarray(normalised(returns, self.random, self.optimum))


def reduced(value: float, returns: Floats, pilot: int = PILOT) -> Swept:
    """Reduce the learning curves of an agent with one step size.

    Parameters
    ----------
    value : float
    returns : ndarray of float64, shape [pilot + seeds, episodes]
    pilot : int
        How many of the first runs choose.

    Returns
    -------
    Swept

    Examples
    --------
    >>> one = reduced(0.5, np.array([[0.0, 2.0], [1.0, 3.0], [2.0, 4.0]]), pilot=1)
    >>> one.pilot.tolist(), one.mean.tolist(), one.last.tolist(), one.ends.tolist()
    ([1.0], [2.0, 3.0], [3.0, 4.0], [1, 2])
    """
    episodes = returns.shape[1]
    ends = np.unique(np.linspace(0, episodes, BLOCKS + 1).round().astype(np.int64)[1:])
    ends = ends[ends > 0]
    reported = np.asarray(returns[pilot:], np.float64)
    blocks = np.add.reduceat(reported, np.concatenate([[0], ends[:-1]]), axis=1) / np.diff(ends, prepend=0)
    last = max(1, round(LAST * episodes))
    return Swept(
        value, returns[:pilot].mean(axis=1), reported.mean(axis=1), reported[:, -last:].mean(axis=1), blocks, ends
    )


def by_world(world: str, agent: str, swept: Sequence[Swept], settings: Settings) -> Learned:
    """Choose the step size of an agent in a world, by the mean return of the pilot seeds.

    Parameters
    ----------
    world, agent : str
        Of `WORLDS` and `AGENTS`.
    swept : sequence of Swept
    settings : Settings

    Returns
    -------
    Learned
    """
    span, bounds = attainable(world, settings)
    best = int(np.argmax([one.pilot.mean() for one in swept]))
    return Learned(world, agent, swept, best, span.optimum, span.random, bounds.returns)


def comparisons() -> list[tuple[str, str]]:
    """Which agents are compared, in each world: the soft form with the hard one, memory with none.

    Examples
    --------
    >>> comparisons()[:2], ("dyna_q", "q_learning") in comparisons()
    ([('soft_q_learning', 'q_learning'), ('double_soft_q_learning', 'double_q_learning')], True)
    """
    forms = [(family.soft, family.hard) for family in FAMILIES.values()]
    return forms + [(name, agent.plain) for name, agent in AGENTS.items() if agent.plain]


def compared(learned: Mapping[tuple[str, str], Learned]) -> dict[tuple[str, str, str], Comparison]:
    """Compare regrets, all together at 5 %.

    Parameters
    ----------
    learned : mapping of (str, str) to Learned
        By world and agent.

    Returns
    -------
    dict of (str, str, str) to Comparison
        By world and the two agents: the first's regret less the second's.
    """
    pairs = comparisons()
    among = len(WORLDS) * len(pairs)
    answers = {}
    for world in WORLDS:
        for one, other in pairs:
            a, b = learned[world, one], learned[world, other]
            low, high = a.bounds
            bounds = (a.optimum - high, a.optimum - low)
            answers[world, one, other] = compare_together({"": (a.regret, b.regret)}, among, bounds)[""]
    return answers


def suite(learned: Mapping[tuple[str, str], Learned], agent: str, place: int | None = None) -> Floats:
    """The scores of an agent in all worlds [seeds, worlds], of all episodes of a run.

    Parameters
    ----------
    learned : mapping of (str, str) to Learned
    agent : str
    place : int, optional
        Which of the values that are swept; in each world the chosen one if not given.

    Returns
    -------
    ndarray of float64, shape [seeds, worlds]
    """
    own = [learned[world, agent] for world in WORLDS]
    return np.column_stack([one.scores((one.chosen if place is None else one.swept[place]).mean) for one in own])


def rows(
    learned: Mapping[tuple[str, str], Learned], beside: Mapping[tuple[str, str, str], Comparison]
) -> list[dict[str, Any]]:
    """The numbers of each agent in each world, for `summary.csv`.

    Parameters
    ----------
    learned : mapping of (str, str) to Learned
    beside : mapping of (str, str, str) to Comparison

    Returns
    -------
    list of dict
    """
    forms = {family.soft: family.hard for family in FAMILIES.values()}
    return [_row(one, beside, forms.get(one.agent), AGENTS[one.agent].plain) for one in learned.values()]


def _row(one: Learned, beside: Mapping[Any, Comparison], hard: str | None, plain: str) -> dict[str, Any]:
    kind, chosen, (low, high) = AGENTS[one.agent], one.chosen, one.bounds
    row: dict[str, Any] = {
        "world": one.world, "agent": one.agent, "family": kind.family, "soft": kind.soft, "seeds": len(chosen.mean),
        "swept": kind.sweeps, "chosen": chosen.value, "optimum": one.optimum, "random": one.random,
    }  # fmt: skip
    row |= interval_columns("regret", one.regret, (one.optimum - high, one.optimum - low))
    row |= interval_columns("return_at_the_end", chosen.last, one.bounds)
    for name, other in (("hard_form", hard), ("without_memory", plain)):
        found = beside[one.world, one.agent, other] if other else None
        row[name] = other or None
        for column, field in (("", "difference"), ("_low", "low"), ("_high", "high"), ("_p_value", "p_value")):
            row[f"regret_less_{name}{column}"] = None if found is None else getattr(found, field)
    return row


def found(learned: Mapping[tuple[str, str], Learned], beside: Mapping[tuple[str, str, str], Comparison]) -> list[str]:
    """What the comparisons say, a sentence for each family, and one on scores over all worlds.

    Parameters
    ----------
    learned : mapping of (str, str) to Learned
    beside : mapping of (str, str, str) to Comparison

    Returns
    -------
    list of str
    """
    return [*(_of_family(name, beside) for name in FAMILIES), _of_suite(learned)]


def _of_family(name: str, beside: Mapping[tuple[str, str, str], Comparison]) -> str:
    family = FAMILIES[name]
    members = [(one, AGENTS[one].plain) for one in AGENTS if AGENTS[one].family == name and AGENTS[one].plain]
    texts = [
        f"{AGENTS[one].label} against {AGENTS[plain].label}: {_told(one, plain, beside)}" for one, plain in members
    ]
    soft, hard = family.soft, family.hard
    texts.append(f"{AGENTS[soft].label} against {AGENTS[hard].label}: {_told(soft, hard, beside)}")
    return f"{family.title}. {'. '.join(texts)}."


def _told(one: str, other: str, beside: Mapping[tuple[str, str, str], Comparison]) -> str:
    """In which worlds the first has less regret, and in which more."""
    signs = {world: sign(beside[world, one, other]) for world in WORLDS}
    texts = []
    for wanted, words in ((-1, "less regret in"), (1, "more in" if -1 in signs.values() else "more regret in")):
        own = [world for world, way in signs.items() if way == wanted]
        texts += [f"{words} {', '.join(own)}"] if own else []
    level = sum(way == 0 for way in signs.values())
    if level == len(signs):
        return "not told apart in any world"
    return "; ".join(texts) + (f"; not told apart in {level}" if level else "")


def _of_suite(learned: Mapping[tuple[str, str], Learned]) -> str:
    means = {name: float(suite(learned, name).mean()) for name in AGENTS}
    told = []
    for soft in (False, True):
        own = sorted((name for name in AGENTS if AGENTS[name].soft == soft), key=lambda name: -means[name])[:3]
        told.append("; ".join(f"{AGENTS[name].label} {interval_text(*suite_columns(learned, name))}" for name in own))
    return (
        "Mean score over the six worlds and all episodes (0 the random policy, 1 the optimum), the highest three of "
        f"the hard agents: {told[0]}. Of the soft ones: {told[1]}. These are six worlds of our choice, and no ranking "
        "of agents in others."
    )


def suite_columns(learned: Mapping[tuple[str, str], Learned], agent: str) -> tuple[float, float, float]:
    """The mean score of an agent over all worlds, with the step sizes that were chosen, and the ends of its interval.

    Parameters
    ----------
    learned : mapping of (str, str) to Learned
    agent : str

    Returns
    -------
    (float, float, float)
        For `interval_text`.
    """
    interval = suite_interval(suite(learned, agent), "mean", bounds=_score_bounds(learned, agent))
    return interval.estimate, interval.low, interval.high


def _score_bounds(learned: Mapping[tuple[str, str], Learned], agent: str) -> tuple[float, float]:
    ends = np.array([[*one.scores(np.array(one.bounds))] for one in (learned[world, agent] for world in WORLDS)])
    return float(ends[:, 0].min()), float(ends[:, 1].max())
