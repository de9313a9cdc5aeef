"""What each condition of a study's folder is: coordinates, by which conditions are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from functools import cached_property
from typing import Any, Self

from fastsoftq.checks import shown
from fastsoftq.studies.coordinates import Coordinates, coordinates_of, matching, swept_columns
from fastsoftq.studies.origins import Origins
from fastsoftq.studies.solved_worlds import SolvedWorlds
from fastsoftq.studies.spec_tables import origins_of_source

__all__ = ["SweptConditions"]


class SweptConditions(SolvedWorlds):
    """Conditions with their coordinates.

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
    >>> SweptConditions(outcome.store).coordinates["step_size"]
    (0.8,)
    """

    @cached_property
    def _origins(self) -> Origins:
        plan = self._store.plan
        known = plan.reading.origins
        if all(name in known.environments for name in plan.record["environments"]):
            return known
        return known.over(origins_of_source(plan.source).known(plan.record))

    @property
    def origins(self) -> Origins:
        """The tables that environments and agents come from."""
        return self._origins

    @cached_property
    def coordinates(self) -> Coordinates:
        """What each condition is: columns by name, with an entry for each condition in their order.

        The columns are `environment`, `agent` (the name of its table, without what a sweep adds), `algorithm`; every
        hyperparameter by its path in the table ("step_size"; "epsilon.start" of a schedule; "agent.temperature" and
        "network.hidden" of a deep agent); `environment.PARAMETER` as the table of the environment says; and `episodes`
        (`run_steps` and `points` of deep agents), `max_steps`, `precision`, `first_seed` and `after` where conditions
        differ in them. An entry is a number, a truth or a text, or None where a condition has none.
        """
        plan = self._store.plan
        return coordinates_of(plan.record, [plan.conditions[place] for place in self._places.values()], self._origins)

    @cached_property
    def swept(self) -> tuple[str, ...]:
        """The columns of `coordinates` that take more than one value within one table of agents or environments."""
        conditions = [self.condition(name) for name in self._places]
        return swept_columns(self.coordinates, conditions, self._origins)

    @cached_property
    def worlds(self) -> tuple[str, ...]:
        """The name of the environment's table of each condition, without what a sweep adds."""
        return tuple(self._origins.table("environments", self.condition(name).environment) for name in self._places)

    def select(self, wanted: Mapping[str, Any] | None = None, /, **more: Any) -> Self:
        """Only the conditions whose coordinates are these.

        Parameters
        ----------
        wanted : mapping of str to value, optional
            By column of `coordinates`: a value, or a list, tuple, set, range or array of values, any of which will do.
            Numbers are compared as numbers, 1 as 1.0; True and False are none.
        **more
            Likewise, where the name of a column can be written so.

        Returns
        -------
        Results
            Of these conditions.

        Raises
        ------
        TypeError
            `wanted` is no mapping, or a value is nothing that a column holds.
        ValueError
            No such column, a value that no condition has, or nothing that has all that is asked for.

        Examples
        --------
        >>> import tempfile
        >>> import fastsoftq as fsq
        >>> from fastsoftq.studies import Study, open_results, run
        >>> agents = {"hard": fsq.QLearning(0.8, 0.95), "soft": fsq.SoftQLearning(0.8, 0.95, reward_scale=5)}
        >>> study = Study(
        ...     name="small", episodes=5, seeds=10, environments={"cliff": fsq.cliff_walking()}, agents=agents
        ... )
        >>> folder = tempfile.mkdtemp()
        >>> outcome = run(study, folder)
        >>> open_results(folder).select(algorithm="soft_q_learning").conditions
        ['cliff/soft']
        """
        if wanted is not None and not isinstance(wanted, Mapping):
            raise TypeError(f"wanted is {shown(wanted)}; it must be a mapping of columns to values")
        twice = sorted(set(wanted or {}) & set(more))
        if twice:
            raise ValueError(f"{twice[0]} is given twice")
        names = self.conditions
        chosen = [names[place] for place in matching(self.coordinates, {**(wanted or {}), **more})]
        fewer = copy(self)
        fewer._places = {name: self._places[name] for name in chosen}
        for cached in ("coordinates", "swept", "worlds"):
            fewer.__dict__.pop(cached, None)
        return fewer
