"""The command worlds: every world with its size, its optimal value and how hard it is."""

from __future__ import annotations

import csv
import json
import math
import sys
import tomllib
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fastsoftq.cli.errors import BadInputError, bad_input
from fastsoftq.cli.options import Modules, import_modules, number
from fastsoftq.system.streams import in_a_line, say

if TYPE_CHECKING:
    from fastsoftq.studies.own_kinds import OwnKinds

__all__ = ["list_worlds"]

_HEADINGS = {
    "world": "world",
    "states": "states",
    "actions": "actions",
    "outcomes": "outcomes",
    "value": "value",
    "diameter": "diameter",
    "gap": "value gap",
    "horizon": "effective horizon",
}
_NEEDED: dict[str, dict[str, Any]] = {"garnet": {"states": 100, "actions": 4, "branching": 3}}
_FEW, _MANY = 250, 2  # states that the steps to are found, where there are few or many entries
_ENTRIES = 300_000


def list_worlds(
    name: Annotated[str | None, typer.Argument(metavar="WORLD", help="Only this one.", show_default=False)] = None,
    options: Annotated[
        list[str] | None, typer.Argument(metavar="OPTION=VALUE", help="Its options.", show_default=False)
    ] = None,
    discount: Annotated[float, number("In [0, 1).")] = 0.99,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV.")] = False,
    modules: Modules = None,
) -> None:
    """List worlds: states, actions, outcomes, the optimal value from the start, and how hard they are.

    Options are an argument of the world's function each, written as in a study, such as
    fastsoftq worlds garnet states=1000 actions=4 branching=3.
    A world of your own is my_module:my_world, with --import my_module.
    """
    from fastsoftq import checks
    from fastsoftq.studies.own_kinds import kinds_of_modules, module_of
    from fastsoftq.studies.spec_tables import ENVIRONMENTS

    if as_json and as_csv:
        raise BadInputError("--json is given with --csv; give one of them")
    kinds = [kind for kind in ENVIRONMENTS if kind not in ("map", "gymnasium")]
    names = import_modules(modules)
    with bad_input():
        own = kinds_of_modules(names)
    try:
        checks.in_unit_interval("--discount", discount, open_above=True)
        checks.choice("world", name or kinds[0], {**ENVIRONMENTS, **own.worlds})
    except ValueError as error:
        module = module_of(name)
        hint = "" if module is None or module in names else f", or of a module that is named: --import {module}"
        raise BadInputError(f"{error}{hint}") from None
    if name is None:
        tables = [{"kind": kind, **_NEEDED.get(kind, {})} for kind in kinds]
    else:
        given: dict[str, Any] = {}
        for option in options or []:
            argument, value = _option(option)
            if argument in given:
                raise BadInputError(f"option is {option!r}, and {argument} is given before it; each may be given once")
            given[argument] = value
        tables = [{"kind": name, **({} if given else _NEEDED.get(name, {})), **given}]
    worlds = [_made(table, own) for table in tables]
    rows = (_row(str(table["kind"]), mdp, discount) for table, mdp in zip(tables, worlds, strict=True))
    if as_json:
        say(json.dumps([{key: _plain(value) for key, value in row.items()} for row in rows], indent=2))
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(["discount", *_HEADINGS])
        for row in rows:
            writer.writerow([discount, *(row[key] for key in _HEADINGS)])
    else:
        _draw([[*_written(row)] for row in rows], discount)


def _option(text: str) -> tuple[str, Any]:
    """An argument of a world, written as in TOML; a word that is none is a string."""
    name, is_given, value = text.partition("=")
    if not is_given or not name:
        raise BadInputError(f"option is {text!r}; it must be like size=20")
    try:
        return name, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name, value


def _made(table: dict[str, Any], own: OwnKinds) -> Any:
    from fastsoftq.mdp.changing import ChangingMDP
    from fastsoftq.mdp.tabular import TabularMDP
    from fastsoftq.studies.spec_errors import SpecError
    from fastsoftq.studies.spec_tables import made_environment

    try:
        made = made_environment(table, (str(table["kind"]),), own=own)
    except SpecError as error:
        raise BadInputError(str(error)) from None
    if isinstance(made, ChangingMDP):
        raise BadInputError(
            f"{table['kind']} changes at an episode; leave changes_at out: each phase is a world of its own"
        )
    if not isinstance(made, TabularMDP):
        raise BadInputError(f"world is {table['kind']!r}, which makes {made!r}; it must make a TabularMDP")
    return made


def _row(kind: str, mdp: Any, discount: float) -> dict[str, Any]:
    from fastsoftq.planning.hardness import diameter, effective_horizon, value_gap
    from fastsoftq.planning.iteration import value_iteration

    few = mdp.probability.size <= _ENTRIES and mdp.n_states <= _FEW
    apart = diameter(mdp, most_targets=_FEW if few else _MANY)
    return {
        "world": kind,
        "states": mdp.n_states,
        "actions": mdp.n_actions,
        "outcomes": mdp.n_outcomes,
        "value": float(mdp.start @ value_iteration(mdp, discount).v),
        "diameter": f"{apart.low:.4g}" if apart.exact else f"at least {apart.low:.4g}",
        "gap": value_gap(mdp, discount),
        "horizon": effective_horizon(mdp, discount),
    }


def _plain(value: Any) -> Any:
    """JSON has no infinite numbers."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _written(row: dict[str, Any]) -> list[str]:
    return [f"{value:.4g}" if isinstance(value, float) else str(value) for value in row.values()]


def _draw(rows: list[list[str]], discount: float) -> None:
    headings = list(_HEADINGS.values())
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table

        drawn = Table(box=None, pad_edge=False, caption=f"value, gap and horizon at discount {discount:g}")
        for heading in headings:
            drawn.add_column(heading, justify="left" if heading == "world" else "right", overflow="fold")
        for row in rows:
            drawn.add_row(*row)
        Console().print(drawn)
        return
    wide = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    for row in [headings, *rows]:
        cells = [row[0].ljust(wide[0]), *(cell.rjust(width) for cell, width in zip(row[1:], wide[1:], strict=True))]
        say(in_a_line("  ".join(cells)))
    say(f"value, gap and horizon at discount {discount:g}")
