"""The worlds of a study's folder, and what planning knows of them beside what was learned."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.attainable_returns import EpisodeBounds, ReturnSpan, episode_bounds, length_bounds, return_span
from fastsoftq.exact_curves import ExactCurves, exact_curves
from fastsoftq.mdp.changing import EpisodicMDP
from fastsoftq.studies.deep_parts import fixed_by_its_agent
from fastsoftq.studies.deep_worlds import table_records
from fastsoftq.studies.stored_runs import StoredRuns
from fastsoftq.studies.study_records import UnknownAgent
from fastsoftq.studies.worlds import kept_world, world_from_source

__all__ = ["SolvedWorlds"]


class SolvedWorlds(StoredRuns):
    """Runs with the worlds they learned in, and the exact answers.

    Examples
    --------
    >>> import tempfile
    >>> import fastsoftq as fsq
    >>> from fastsoftq.studies import Study, open_results, run
    >>> hard = fsq.QLearning(step_size=0.8, discount=0.95)
    >>> folder = tempfile.mkdtemp()
    >>> study = Study(
    ...     name="small", episodes=5, seeds=10, environments={"cliff": fsq.cliff_walking()}, agents={"hard": hard}
    ... )
    >>> outcome = run(study, folder)
    >>> SolvedWorlds(outcome.store).mdp("cliff").n_states
    48
    """

    @cached_property
    def _worlds(self) -> dict[str, EpisodicMDP | None]:
        return {}  # those that have been asked for

    def mdp(self, environment: str) -> EpisodicMDP | None:
        """A world of the study, for planning.

        Parameters
        ----------
        environment : str
            By its name in the study.

        Returns
        -------
        TabularMDP, ChangingMDP or None
            Its arrays have the digest that the study's record gives of it; maps are not kept. None where the folder
            does not hold it (one of more than 64 MiB, or of Gymnasium in a folder that an older version made), and of
            an environment that is no table.

        Raises
        ------
        ValueError
            No such environment.
        """
        record = self._store.plan.record
        name = checks.choice("environment", environment, record["environments"])
        if name not in self._worlds:
            own = table_records(record).get(name)
            found = None if own is None else kept_world(self._store.storage, own)
            if found is None and own is not None:
                found = world_from_source(self._store.plan.source, name, own)
            self._worlds[name] = found
        return self._worlds[name]

    def exact(self, condition: str) -> ExactCurves | None:
        """What the agent of a condition earns in each episode, or at each point, once all is learned.

        Parameters
        ----------
        condition : str

        Returns
        -------
        ExactCurves or None
            As `fastsoftq.exact_curves.exact_curves`; None, too, where the world is not there (see `mdp`). It costs at
            most a tenth of what the condition's runs took, or about a second. Of a deep agent it is what its tabular
            one comes to, with the schedules at those steps, if its targets are that agent's: not with `n_step`, with
            `munchausen`, with rollouts, or with `Huber` where outcomes are left to chance.

        Raises
        ------
        ValueError
            No such condition.
        """
        own = self.condition(condition)
        assert own.max_steps is not None
        mdp, agent = self.mdp(own.environment), self._agents[own.agent]
        if mdp is None or isinstance(agent, UnknownAgent):
            return None
        work = self.steps(condition)
        if own.grid is None:
            return exact_curves(mdp, agent, own.columns, own.max_steps, steps=work)
        learner = fixed_by_its_agent(agent, mdp.deterministic)
        found = None if learner is None else exact_curves(mdp, learner, int(own.grid[-1]), own.max_steps, steps=work)
        return None if found is None else _at_points(found, own.grid)

    def return_span(self, condition: str) -> ReturnSpan | None:
        """What the best policy and the random one earn in the world of a condition, whatever its agent.

        Parameters
        ----------
        condition : str

        Returns
        -------
        ReturnSpan or None
            As `fastsoftq.attainable_returns.return_span`; None, too, where the world is not there (see `mdp`).

        Raises
        ------
        ValueError
            No such condition.
        """
        own = self.condition(condition)
        assert own.max_steps is not None
        mdp = self.mdp(own.environment)
        if mdp is None:
            return None
        return return_span(mdp, own.max_steps, steps=self.steps(condition), episodes=own.columns)

    def episode_bounds(self, condition: str) -> EpisodeBounds:
        """The lowest and the highest return, and length, that an episode of a condition can have.

        Parameters
        ----------
        condition : str

        Returns
        -------
        EpisodeBounds
            As `fastsoftq.attainable_returns.episode_bounds`; where the world is not there (see `mdp`), those of returns
            are infinite, and those of lengths 1 and `max_steps`; so are those of deep agents, where a run in which no
            episode ends counts with what it has collected.

        Raises
        ------
        ValueError
            No such condition.
        """
        own = self.condition(condition)
        assert own.max_steps is not None
        mdp = self.mdp(own.environment)
        if mdp is None or own.grid is not None:
            return EpisodeBounds((-math.inf, math.inf), length_bounds(own.max_steps))
        return episode_bounds(mdp, own.max_steps)


def _at_points(exact: ExactCurves, grid: NDArray[np.int64]) -> ExactCurves:
    """What was worked out with the schedules of every step, as means between points."""
    starts, sizes = np.concatenate([[0], grid[:-1]]), np.diff(grid, prepend=0)
    returns, lengths = (np.add.reduceat(each, starts) / sizes for each in (exact.returns, exact.lengths))
    return replace(exact, returns=returns, lengths=lengths)
