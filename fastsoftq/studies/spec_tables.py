"""Tables of environments and agents in a study's data: sweeps expanded, and what is made of each table."""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from fastsoftq.agents import LEARNERS, WRAPPERS, LinearDecay, PowerDecay
from fastsoftq.comparing import Axis
from fastsoftq.deep.learner import Deep
from fastsoftq.environments import ENVIRONMENT_KINDS
from fastsoftq.environments.observed import observed
from fastsoftq.mdp.blackjack import blackjack
from fastsoftq.mdp.chain import chain
from fastsoftq.mdp.changing import EpisodicMDP
from fastsoftq.mdp.cliff_walking import cliff_walking
from fastsoftq.mdp.deep_sea import deep_sea
from fastsoftq.mdp.dyna_maze import dyna_maze
from fastsoftq.mdp.four_rooms import four_rooms
from fastsoftq.mdp.frozen_lake import frozen_lake
from fastsoftq.mdp.garnet import garnet
from fastsoftq.mdp.grid import from_map
from fastsoftq.mdp.gymnasium import from_gymnasium, maker
from fastsoftq.mdp.inventory import inventory
from fastsoftq.mdp.jacks_car_rental import jacks_car_rental
from fastsoftq.mdp.mountain_car_grid import mountain_car_grid
from fastsoftq.mdp.multi_goal import multi_goal
from fastsoftq.mdp.point_mass import point_mass
from fastsoftq.mdp.river_swim import river_swim
from fastsoftq.mdp.taxi import taxi
from fastsoftq.mdp.windy_gridworld import windy_gridworld
from fastsoftq.studies.deep_parts import DEEP, PARTS, checked_learner, depths_of_parts
from fastsoftq.studies.origins import Origin, Origins, flattened
from fastsoftq.studies.own_kinds import OwnKinds, module_of
from fastsoftq.studies.spec_errors import SpecError, Where, check_names, dotted, located, one_of, table_of
from fastsoftq.studies.sweep import label_of, list_depths, swept

__all__ = ["ENVIRONMENTS", "Variant", "made_agent", "made_environment", "made_tables", "origins_of_source"]

# The environments that can be named in a study: the kind, and what makes one from the table's other entries.
ENVIRONMENTS: dict[str, Callable[..., EpisodicMDP]] = {
    "cliff_walking": cliff_walking,
    "map": from_map,
    "multi_goal": multi_goal,
    "point_mass": point_mass,
    "dyna_maze": dyna_maze,
    "garnet": garnet,
    "windy_gridworld": windy_gridworld,
    "river_swim": river_swim,
    "chain": chain,
    "deep_sea": deep_sea,
    "four_rooms": four_rooms,
    "inventory": inventory,
    "jacks_car_rental": jacks_car_rental,
    "blackjack": blackjack,
    "frozen_lake": frozen_lake,
    "taxi": taxi,
    "mountain_car_grid": mountain_car_grid,
    "gymnasium": from_gymnasium,
}

_SCHEDULES = (LinearDecay, PowerDecay)
_PACKAGED = OwnKinds({}, {})  # none besides those of the package
_TABULAR = {**LEARNERS, **WRAPPERS}
_IMPORTING = ("gymnasium", "gymnasium_environment")  # kinds whose parameters only code knows that must be imported


class Variant(NamedTuple):
    """What a table stands for, by itself or as one of its sweep.

    Attributes
    ----------
    table : str
        Its name, without what the sweep adds.
    parameters : mapping
    made : object
        What was made of them.

    Examples
    --------
    >>> Variant("soft", {"kind": "soft_q_learning"}).made is None
    True
    """

    table: str
    parameters: Mapping[str, Any]
    made: Any = None


def origins_of_source(text: str | None) -> Origins:
    r"""Where environments and agents come from, of a study's text, which may come from anybody; nothing is made of it.

    Parameters
    ----------
    text : str or None

    Returns
    -------
    Origins
        Empty where the text is no study. Gymnasium's environments are left out: what is a list by nature among their
        parameters is only known to code that would have to be imported.

    Examples
    --------
    >>> found = origins_of_source('[agents.soft]\nkind = "soft_q_learning"\nreward_scale = [2, 5]')
    >>> found.table("agents", "soft[reward_scale=5]")
    'soft'
    """
    try:
        data = tomllib.loads(text or "")
        agents = {
            name: Origin(variant.table) for name, variant in _variants(data.get("agents", {}), ("agents",)).items()
        }
        tables = {
            name: table
            for name, table in data.get("environments", {}).items()
            if not set(_IMPORTING).intersection(map(str, _each(table.get("kind"))))
        }
        environments = {
            name: Origin(variant.table, flattened(variant.parameters, label_of))
            for name, variant in _variants(tables, ("environments",)).items()
        }
    except (ValueError, TypeError, AttributeError, RecursionError):
        return Origins()
    return Origins(environments, agents)


def made_tables(
    tables: Any, at: Where, make: Callable[[Mapping[str, Any], Where], Any], own: OwnKinds = _PACKAGED
) -> dict[str, Variant]:
    """Make every table of environments or agents, its sweep expanded.

    Parameters
    ----------
    tables : mapping of str to mapping
    at : Where
        Their path.
    make : callable of mapping and Where
        Makes one of a table's parameters, and of its path.
    own : OwnKinds
        Kinds besides those of the package.

    Returns
    -------
    dict of str to Variant
        By name, with what the sweep adds.

    Raises
    ------
    SpecError

    Examples
    --------
    >>> soft = {"kind": "soft_q_learning", "step_size": [0.1, 0.5], "discount": 0.95}
    >>> list(made_tables({"soft": soft}, ("agents",), made_agent))
    ['soft[step_size=0.1]', 'soft[step_size=0.5]']
    """
    return {
        name: variant._replace(made=make(variant.parameters, (*at, variant.table)))
        for name, variant in _variants(tables, at, own).items()
    }


def _variants(tables: Any, at: Where, own: OwnKinds = _PACKAGED) -> dict[str, Variant]:
    """Every table of environments or agents, its sweep expanded."""
    found: dict[str, Variant] = {}
    for name, table in table_of(tables, at).items():
        here = (*at, name)
        parameters = table_of(table, here)
        try:
            variants = swept(parameters, _nature(parameters, own))
        except ValueError as error:
            raise located(error, here, parameters) from None
        for label, variant in variants:
            full = f"{name}[{label}]" if label else name
            if full in found:
                others = "; a sweep calls its variants so" if label or "[" in name else ""
                raise SpecError(f"{dotted(at)} has two that are called {full!r}{others}; rename one", here)
            found[full] = Variant(name, variant)
    return found


def made_agent(parameters: Mapping[str, Any], at: Where, own: OwnKinds = _PACKAGED) -> Any:
    """Make an agent.

    Parameters
    ----------
    parameters : mapping
        With its `kind`.
    at : Where
        The path of the table.
    own : OwnKinds
        Kinds besides those of the package.

    Returns
    -------
    NamedTuple

    Raises
    ------
    SpecError

    Examples
    --------
    >>> made_agent({"kind": "q_learning", "step_size": 0.5, "discount": 0.95}, ("agents", "hard")).step_size
    0.5
    """
    made = _part(parameters, at, {**_TABULAR, DEEP: Deep, **own.agents}, own)
    try:
        return checked_learner(made)
    except (TypeError, ValueError) as error:
        raise _of_part(error, made, parameters, at) from None


def _part(parameters: Mapping[str, Any], at: Where, kinds: Mapping[str, Any], own: OwnKinds) -> Any:
    """An agent, or a part of a deep one, not checked yet. Of a single kind nothing need be said."""
    said = {"kind": next(iter(kinds))} if len(kinds) == 1 and "kind" not in parameters else {}
    kind = kinds[_kind({**said, **parameters}, at, kinds)]
    required = [name for name in kind._fields if name not in kind._field_defaults]
    check_names({**said, **parameters}, at, ("kind", *kind._fields), ("kind", *required))
    given = {name: value for name, value in parameters.items() if name != "kind"}
    return kind(**{name: _field(kind, name, value, (*at, name), own) for name, value in given.items()})


def _field(kind: Any, name: str, value: Any, at: Where, own: OwnKinds) -> Any:
    """A hyperparameter: a part of a deep agent, an agent within another, a schedule, or as it is.

    What may be None is so if it is false.
    """
    if kind is Deep and name in PARTS:
        if value is False and kind._field_defaults.get(name, value) is None:
            return None
        return _part(table_of(value, at), at, {**PARTS[name], **(own.agents if name == "agent" else {})}, own)
    if name == "agent":
        return _part(table_of(value, at), at, {**_TABULAR, **own.agents}, own)
    if kind is Deep and value is False and kind._field_defaults[name] is None:
        return None
    if isinstance(value, Mapping):
        return _schedule(value, at)
    return tuple(value) if isinstance(value, list) else value


def _of_part(error: Exception, made: Any, parameters: Mapping[str, Any], at: Where) -> SpecError:
    """The error of a check, at the entry that it names: one of the agent, or of one of its parts."""
    own = f"{type(made).__name__}."
    if not str(error).startswith(own):
        for name, part in made._asdict().items():
            if hasattr(part, "_fields") and any(str(error).startswith(prefix) for prefix in _prefixes(part)):
                return _of_part(error, part, parameters, (*at, name))
    return located(error, at, made._fields, own)


def _prefixes(part: Any) -> Iterator[str]:
    """What the names of its hyperparameters begin with, and those of what is within it."""
    yield f"{type(part).__name__}."
    for inner in part:
        if hasattr(inner, "_fields"):
            yield from _prefixes(inner)


def _schedule(table: Mapping[str, Any], at: Where) -> Any:
    for kind in _SCHEDULES:
        if set(table) == set(kind._fields):
            return kind(**table)
    forms = " or ".join("{ " + ", ".join(kind._fields) + " }" for kind in _SCHEDULES)
    known = sorted({field for kind in _SCHEDULES for field in kind._fields})
    for name in table:
        if name not in known:
            raise SpecError(f"{dotted((*at, name))} is not known; {one_of(known, name)}", at)
    raise SpecError(f"{dotted(at)} has {', '.join(table) or 'nothing'}; a schedule is {forms}", at)


def _nature(parameters: Mapping[str, Any], own: OwnKinds) -> Callable[[tuple[str, ...]], int]:
    """How deep a list each parameter of a table is by nature; where kinds are swept, the deepest of any."""
    kinds, names = (_each(parameters.get(entry)) for entry in ("kind", "env"))
    worlds = {**ENVIRONMENT_KINDS, **ENVIRONMENTS, **own.worlds}
    makers = [worlds[kind] for kind in kinds if isinstance(kind, str) and kind in worlds]
    if from_gymnasium in makers:
        makers += [found for name in names if isinstance(name, str) and (found := maker(name)) is not None]
    known = [list_depths(make) for make in makers] + ([depths_of_parts()] if DEEP in kinds else [])
    return lambda path: max((nature(path) for nature in known), default=0)


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def made_environment(
    parameters: Mapping[str, Any], at: Where, axis: Axis = Axis.EPISODES, own: OwnKinds = _PACKAGED
) -> Any:
    """Make an environment.

    Parameters
    ----------
    parameters : mapping
        With its `kind`.
    at : Where
        The path of the table.
    axis : Axis
        What the study counts. Where it counts steps there are other kinds, too, and tables have a `view`.
    own : OwnKinds
        Kinds besides those of the package.

    Returns
    -------
    TabularMDP, ChangingMDP or NamedTuple

    Raises
    ------
    SpecError

    Examples
    --------
    >>> made_environment({"kind": "cliff_walking", "width": 5}, ("environments", "cliff")).n_states
    20
    """
    packaged = ENVIRONMENTS if axis is Axis.EPISODES else {**ENVIRONMENT_KINDS, **ENVIRONMENTS}
    worlds = {**packaged, **own.worlds}
    if axis is Axis.EPISODES and str(parameters.get("kind")) in ENVIRONMENT_KINDS:
        raise SpecError(
            f"{dotted(at)}.kind is {parameters['kind']!r}, which is for deep agents; a study of these has steps "
            "instead of episodes",
            (*at, "kind"),
        )
    kind = _kind(parameters, at, worlds)
    make = worlds[kind]
    arguments = inspect.signature(make).parameters.values()
    named = [argument for argument in arguments if argument.kind not in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD)]
    tabular = kind in ENVIRONMENTS or (kind in own.worlds and "view" not in [argument.name for argument in named])
    if axis is Axis.POINTS and tabular and "view" in parameters:
        seen = dict(parameters)
        view, mdp = seen.pop("view"), made_environment(seen, at, own=own)
        try:
            return observed(mdp, view)
        except (TypeError, ValueError) as error:
            raise located(error, at, parameters) from None
    required = [argument.name for argument in named if argument.default is argument.empty]
    known = ["kind", *(argument.name for argument in named)]
    if any(argument.kind is argument.VAR_KEYWORD for argument in arguments):  # it takes others as well
        known += parameters
    check_names(parameters, at, known, ("kind", *required))
    try:
        return make(**{name: value for name, value in parameters.items() if name != "kind"})
    except (TypeError, ValueError, ImportError) as error:
        raise located(error, at, parameters) from None
    except Exception as error:
        if kind not in own.worlds:
            raise
        raise SpecError(f"{dotted(at)}: {kind} cannot be made: {type(error).__name__}: {error}", at) from error


def _kind(parameters: Mapping[str, Any], at: Where, known: Iterable[str]) -> str:
    kind = parameters.get("kind")
    if kind is None:
        raise SpecError(f"{dotted(at)}.kind is missing; {one_of(known)}", at)
    if not isinstance(kind, str) or kind not in known:
        module = module_of(kind)
        asked = any(module_of(one) == module for one in known)
        hint = "" if module is None or asked else f", or of a module that is named: --import {module}"
        raise SpecError(f"{dotted(at)}.kind is {kind!r}; {one_of(known, kind)}{hint}", (*at, "kind"))
    return kind
