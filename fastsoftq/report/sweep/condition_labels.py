"""Conditions and hyperparameters as a person would name them: "soft, k = 10, α = 0.5"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from fastsoftq.report.rounding import counted, schedule_text, setting_text

__all__ = ["Value", "agent_names", "algorithm_name", "condition_labels", "parameter_name", "value_text", "world_labels"]

Value: TypeAlias = float | int | bool | str | None
Coordinates: TypeAlias = Mapping[str, Sequence[Value]]

_ALGORITHMS = {
    "q_learning": "hard", "soft_q_learning": "soft", "sarsa": "SARSA", "expected_sarsa": "expected SARSA",
    "dyna_q": "Dyna-Q", "dyna_soft_q": "Dyna soft Q", "actor_critic": "actor-critic",
    "visit_step_size": "step sizes by visits", "upper_confidence": "upper confidence bounds",
}  # fmt: skip
_SYMBOLS = {"reward_scale": "k", "temperature": "T", "step_size": "α", "discount": "γ", "epsilon": "ε"}
_FIRST, _LAST = ("reward_scale", "temperature"), ("step_size", "discount", "epsilon")
_NAMES = ("environment", "agent", "algorithm")
_OF_SCHEDULES = ("start", "stop", "decrease", "power")
_RUN: dict[str, Callable[[str], str]] = {  # settings of a run, which are no hyperparameters
    "episodes": lambda text: counted(text, "episodes"),
    "run_steps": lambda text: counted(text, "steps"),
    "points": lambda text: counted(text, "points"),
    "max_steps": lambda text: f"at most {counted(text, 'steps')}",
    "precision": lambda text: f"{text} precision",
    "first_seed": lambda text: f"from seed {text}",
    "after": lambda text: f"after {text}",
}


def algorithm_name(kind: str) -> str:
    """What readers call an algorithm.

    Parameters
    ----------
    kind : str
        In snake case, as studies name it.

    Returns
    -------
    str

    Examples
    --------
    >>> algorithm_name("soft_q_learning"), algorithm_name("pessimistic_q_learning")
    ('soft', 'pessimistic q learning')
    """
    return _ALGORITHMS.get(kind, kind.replace("_", " "))


def parameter_name(column: str, *, symbol: bool = False) -> str:
    """What readers call a column of coordinates.

    Parameters
    ----------
    column : str
        A hyperparameter by its path, a parameter of the environment, or a setting of the run.
    symbol : bool
        Name the symbol too, where it has one.

    Returns
    -------
    str

    Examples
    --------
    >>> parameter_name("reward_scale", symbol=True), parameter_name("environment.size"), parameter_name("epsilon.start")
    ('reward scale k', 'size', 'epsilon, start')
    >>> parameter_name("agent.temperature", symbol=True), parameter_name("network.hidden")
    ('temperature T', 'network hidden')
    """
    own = _own(column.removeprefix("environment."))
    *parts, last = (part.replace("_", " ") for part in own.split("."))
    name = f"{' '.join(parts)}{',' if last in _OF_SCHEDULES else ''} {last}" if parts else last
    return f"{name} {_SYMBOLS[own]}" if symbol and own in _SYMBOLS else name


def _own(column: str) -> str:
    """A hyperparameter's name without what says that it is that of the agent within a deep one, or within another."""
    while column.startswith("agent."):
        column = column.removeprefix("agent.")
    return column


def value_text(value: Value) -> str:
    """Write a value of a coordinate.

    Parameters
    ----------
    value : float, int, bool, str or None

    Returns
    -------
    str
        An en dash where there is none.

    Examples
    --------
    >>> value_text(1e4), value_text(-0.5), value_text(True), value_text(None)
    ('10,000', '−0.5', 'yes', '–')
    """
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return setting_text(value)


def condition_labels(coordinates: Coordinates, names: Sequence[str] | None = None) -> list[str]:
    """Name conditions by what differs among them.

    Parameters
    ----------
    coordinates : mapping of str to sequence
        As `Results.coordinates`: columns, with an entry a condition.
    names : sequence of str, optional
        What conditions are called by their author, an entry a condition; empty where nobody gave a name.

    Returns
    -------
    list of str
        As many, all different: the algorithm, or the agent's own name where that says more; then the hyperparameters
        that differ among the agents of that name, which go for those of one table of a sweep; the environment last,
        where there are several.

    Examples
    --------
    >>> coordinates = {
    ...     "environment": ("cliff", "cliff", "cliff"),
    ...     "agent": ("hard", "soft", "soft"),
    ...     "algorithm": ("q_learning", "soft_q_learning", "soft_q_learning"),
    ...     "step_size": (0.5, 0.5, 0.5),
    ...     "reward_scale": (1.0, 2.0, 10.0),
    ... }
    >>> condition_labels(coordinates)
    ['hard', 'soft, k = 2', 'soft, k = 10']
    """
    rows = _rows(coordinates)
    heads = _heads(rows)
    own = _differing(rows, heads, _ordered(coordinates))
    texts = [", ".join((head, *_settings(row, own[head]))) for head, row in zip(heads, rows, strict=True)]
    given = names if names is not None else [""] * len(rows)
    texts = [name or text for name, text in zip(given, texts, strict=True)]
    worlds = world_labels(coordinates)
    if len(set(worlds)) > 1:
        texts = [f"{text} in {world}" for text, world in zip(texts, worlds, strict=True)]
    return _numbered(texts)


def agent_names(coordinates: Coordinates) -> list[str]:
    """Name the agent of each condition without its hyperparameters.

    Parameters
    ----------
    coordinates : mapping of str to sequence
        As for `condition_labels`.

    Returns
    -------
    list of str
        As many: the algorithm, or the name of the table in the study where that says more.

    Examples
    --------
    >>> agents = ("soft_q_learning", "soft_q_learning", "with ε")
    >>> agent_names({"environment": ("cliff",) * 3, "agent": agents, "algorithm": ("soft_q_learning",) * 3})
    ['soft', 'soft', 'with ε']
    """
    return _heads(_rows(coordinates))


def world_labels(coordinates: Coordinates) -> list[str]:
    """Name the environment of each condition by what differs among environments.

    Parameters
    ----------
    coordinates : mapping of str to sequence
        As for `condition_labels`.

    Returns
    -------
    list of str
        As many; equal for equal environments.

    Examples
    --------
    >>> coordinates = {"environment": ("map[size=5]", "map[size=9]", "hall"), "environment.size": (5, 9, None)}
    >>> world_labels(coordinates)
    ['map, size = 5', 'map, size = 9', 'hall']
    """
    rows = _rows(coordinates)
    worlds = list(dict.fromkeys(str(row.get("environment", "")) for row in rows))
    first = {world: next(row for row in rows if str(row.get("environment", "")) == world) for world in worlds}
    tables = {world: _table(world, worlds) for world in worlds}
    labels = []
    for world in worlds:
        among = [first[other] for other in worlds if tables[other] == tables[world]]
        own = [name for name in coordinates if name.startswith("environment.") and _several(among, name)]
        settings = [f"{parameter_name(name)} = {value_text(first[world][name])}" for name in own]
        labels.append(", ".join((tables[world], *settings)))
    of = dict(zip(worlds, _numbered(labels), strict=True))
    return [of[str(row.get("environment", ""))] for row in rows]


def _rows(coordinates: Coordinates) -> list[dict[str, Value]]:
    return [dict(zip(coordinates, values, strict=True)) for values in zip(*coordinates.values(), strict=True)]


def _heads(rows: Sequence[Mapping[str, Value]]) -> list[str]:
    """What each condition's agent is called without its hyperparameters."""
    agents = list(dict.fromkeys(str(row["agent"]) for row in rows))
    tables = [_table(str(row["agent"]), agents) for row in rows]
    kinds = [str(row["algorithm"]) for row in rows]
    heads = [algorithm_name(k) if _plain(t) in _known(k) else t for t, k in zip(tables, kinds, strict=True)]
    meant = {(head, table, kind) for head, table, kind in zip(heads, tables, kinds, strict=True)}
    twice = {head for head, count in Counter(head for head, _, _ in meant).items() if count > 1}
    return [table if head in twice else head for head, table in zip(heads, tables, strict=True)]


def _table(name: str, names: Sequence[str]) -> str:
    """A name without the sweep's suffix, which folders of older versions have in it; it is only left out here."""
    head, bracket, _ = name.partition("[")
    if not (bracket and name.endswith("]") and head):
        return name
    return head if head not in names else name


def _plain(name: str) -> str:
    return name.lower().replace("_", " ").replace("-", " ")


def _known(kind: str) -> tuple[str, str]:
    return _plain(kind), _plain(algorithm_name(kind))


def _ordered(coordinates: Coordinates) -> list[str]:
    """The columns that a label may name, in its order: what is of one algorithm only first."""
    others = [name for name in coordinates if name not in _NAMES and not name.startswith("environment.")]

    def place(name: str) -> int:
        base = _own(name).split(".")[0]
        if base in _FIRST:
            return _FIRST.index(base)
        if base in _LAST:
            return len(_FIRST) + 1 + _LAST.index(base)
        return 100 if name in _RUN else len(_FIRST)

    return sorted(others, key=place)


def _several(rows: Sequence[Mapping[str, Value]], column: str) -> bool:
    return len({(type(row.get(column)) is bool, row.get(column)) for row in rows}) > 1


def _differing(
    rows: Sequence[Mapping[str, Value]], heads: Sequence[str], columns: Sequence[str]
) -> dict[str, list[str]]:
    """By the name of an agent, the columns that differ among its conditions."""
    by_head: dict[str, list[Mapping[str, Value]]] = {}
    for row, head in zip(rows, heads, strict=True):
        by_head.setdefault(head, []).append(row)
    return {head: [column for column in columns if _several(among, column)] for head, among in by_head.items()}


def _settings(row: Mapping[str, Value], columns: Sequence[str]) -> list[str]:
    """The settings of a condition in these columns; a schedule is one of them."""
    texts: dict[str, str] = {}
    for column in columns:
        base, _, last = column.rpartition(".")
        if row[column] is None:
            continue
        if column in _RUN:
            texts[column] = _RUN[column](value_text(row[column]))
        elif base and last in _OF_SCHEDULES:
            texts[base] = _schedule(row, base, columns)
        else:
            symbol = _SYMBOLS.get(_own(column), parameter_name(column))
            texts[column] = f"{symbol} = {value_text(row[column])}"
    return list(texts.values())


def _schedule(row: Mapping[str, Value], base: str, columns: Sequence[str]) -> str:
    """A schedule by its ends, "ε 0.9 → 0.1", and by what else differs."""
    fields = {name.removeprefix(f"{base}."): value for name, value in row.items() if name.startswith(f"{base}.")}
    known = {name: value for name, value in fields.items() if value is not None}
    told = [name for name in known if f"{base}.{name}" in columns]
    return " ".join(filter(None, (_SYMBOLS.get(_own(base), parameter_name(base)), schedule_text(known, told))))


def _numbered(texts: Sequence[str]) -> list[str]:
    """The texts, those that occur again with a number."""
    seen: Counter[str] = Counter()
    taken, out = set(texts), []
    for text in texts:
        seen[text] += 1
        new = text
        while seen[text] > 1 and new in taken:
            new = f"{text} ({seen[text]})"
            if new in taken:
                seen[text] += 1
        taken.add(new)
        out.append(new)
    return out
