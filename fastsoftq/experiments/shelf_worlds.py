"""Six worlds in which all agents of the shelf learn, and how long.

A cliff, where exploring costs; gusts of wind; a maze with a rare reward, where models pay; a lake that is mostly
chance; a river and a noisy sea, which reward those who explore. Few loops are compiled: they have 4 or 2 actions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fastsoftq.attainable_returns import EpisodeBounds, ReturnSpan, episode_bounds, return_span
from fastsoftq.experiments import Settings
from fastsoftq.mdp.cliff_walking import cliff_walking
from fastsoftq.mdp.deep_sea import deep_sea
from fastsoftq.mdp.dyna_maze import dyna_maze
from fastsoftq.mdp.frozen_lake import frozen_lake
from fastsoftq.mdp.river_swim import river_swim
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.mdp.windy_gridworld import windy_gridworld

__all__ = ["ABOVE_CRITICAL", "DISCOUNT", "SCORE_AT_LEAST", "WORLDS", "ShelfWorld", "attainable"]

DISCOUNT = 0.99
ABOVE_CRITICAL, SCORE_AT_LEAST = 2.0, 0.95  # of a reward scale, by which it is chosen


class ShelfWorld(NamedTuple):
    """A world, and how it is learned there.

    Attributes
    ----------
    title : str
    make : callable
    episodes : float
        Of a run, as a share of the settings' episodes.
    max_steps : int
        Of an episode, if the settings allow as many.
    reward_scale : float
        Of soft agents, at temperature 1: the least of 1, 2, 5, 10, ... that is twice the critical reward scale at
        least, where there is one, and whose exact soft policy earns 95 % of what the optimum earns above chance.
    most : float
        No start of an episode, nor what can be reached from one, is worth more: where optimists begin.
    unit : float
        A tenth of it is paid for a first visit by a count bonus, and is the factor of upper confidence bounds.
    """

    title: str
    make: Callable[[], TabularMDP]
    episodes: float
    max_steps: int
    reward_scale: float
    most: float
    unit: float

    def cut_at(self, settings: Settings) -> int:
        """The most steps of an episode.

        Examples
        --------
        >>> WORLDS["cliff"].cut_at(Settings()), WORLDS["cliff"].cut_at(Settings(max_steps=20))
        (200, 20)
        """
        return min(self.max_steps, settings.max_steps)

    def episodes_of(self, settings: Settings) -> int:
        """How many episodes a run has.

        Examples
        --------
        >>> WORLDS["cliff"].episodes_of(Settings(episodes=100))
        30
        """
        return max(1, round(self.episodes * settings.episodes))


WORLDS = {
    "cliff": ShelfWorld("Cliff walking", cliff_walking, 0.3, 200, 5.0, 0.0, 10.0),
    "windy": ShelfWorld("Windy gridworld, gusty", lambda: windy_gridworld(stochastic=True), 0.3, 200, 5.0, 0.0, 10.0),
    "maze": ShelfWorld(
        "Dyna’s maze, 0.01 a step", lambda: dyna_maze(step_reward=-0.01, goal_reward=1.0), 0.1, 200, 500.0, 1.0, 1.0
    ),
    "lake": ShelfWorld("Frozen lake, slippery", frozen_lake, 1.0, 100, 200.0, 1.0, 1.0),
    "river": ShelfWorld("River swim", lambda: river_swim(current="osband"), 0.2, 50, 5.0, 45.0, 10.0),
    "sea": ShelfWorld("Deep sea, noisy", lambda: deep_sea(6, stochastic=True), 0.5, 6, 20.0, 1.0, 1.0),
}


def attainable(world: str, settings: Settings) -> tuple[ReturnSpan, EpisodeBounds]:
    """What there is to earn in a world: by the best policy and by chance, and in any one episode.

    Parameters
    ----------
    world : str
        One of `WORLDS`.
    settings : Settings

    Returns
    -------
    (ReturnSpan, EpisodeBounds)

    Examples
    --------
    >>> attainable("cliff", Settings())[0].optimum
    -12.0
    """
    known = WORLDS[world]
    mdp, max_steps = known.make(), known.cut_at(settings)
    span = return_span(mdp, max_steps)
    assert span is not None  # all six are small
    return span, episode_bounds(mdp, max_steps)
