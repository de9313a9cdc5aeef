"""The difference between the study in a folder and one that is to be added to it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastsoftq.studies.conditions import conditions_of

__all__ = ["difference_of"]

_ELSEWHERE = (
    "More seeds, agents, environments or conditions can be added to what is there; anything else needs another folder"
)
_UNUSED = {"tables": False, "checkpoints": []}  # what a record that does not mention them means


def difference_of(here: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:
    """The first difference between a folder's record and a study's that no extension can bridge."""
    if here.get("results", 1) != wanted["results"]:  # 1 was not written down
        return (
            f"they are of results version {here.get('results', 1)} and this version of fastsoftq makes "
            f"{wanted['results']}, other numbers from the same study. Go on with the version that made them, which "
            "their provenance names, or take another folder"
        )
    for name in ("name", "episodes", "max_steps", "precision", "keep", "block", "tables", "checkpoints"):
        there, asked = (record.get(name, _UNUSED.get(name)) for record in (here, wanted))
        if there != asked:
            return f"{name} is {there!r} there and {asked!r} here. {_ELSEWHERE}"
    if here["seeds"]["start"] != wanted["seeds"]["start"]:
        return f"seeds start at {here['seeds']['start']} there and at {wanted['seeds']['start']} here. {_ELSEWHERE}"
    if here["seeds"]["count"] > wanted["seeds"]["count"]:
        return f"it has {here['seeds']['count']} seeds, and {wanted['seeds']['count']} are asked for here. {_ELSEWHERE}"
    for group in ("environments", "agents"):
        for name, record in here[group].items():
            if name not in wanted[group]:
                return f"{group}.{name} is there and not here. {_ELSEWHERE}"
            if record != wanted[group][name]:
                return f"{group}.{name} {_changes(record, wanted[group][name])}"
    conditions, there = conditions_of(wanted), conditions_of(here)
    for name, condition in there.items():
        if name not in conditions:
            return f"condition {name!r} is there and not here. {_ELSEWHERE}"
        if condition != conditions[name]:
            return f"condition {name!r} {_changes(vars(condition), vars(conditions[name]))}"
    if not wanted.get("tables"):
        kept = {condition.after for condition in there.values()}
        for name, condition in conditions.items():
            if condition.after in there and condition.after not in kept:
                return f"{name!r} starts from tables of {condition.after!r} that are not kept there. {_ELSEWHERE}"
    return None


def _changes(here: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    names = [name for name in {**here, **wanted} if here.get(name) != wanted.get(name) and name != "sha256"]
    changes = [f"{name} {here.get(name)!r} there and {wanted.get(name)!r} here" for name in names if name != "code"]
    if changes or "code" not in names:
        return f"has {'; '.join(changes or ['other outcomes there'])}. {_ELSEWHERE}"
    then, now = here.get("code"), wanted.get("code", {})
    if then is None:
        return (
            "is an agent of your own, whose code was not written down when these results were made, so that it cannot "
            "be told whether they are this code's. Take another folder"
        )
    edited = [name for name in sorted({**then, **now}) if then.get(name) != now.get(name)]
    return (
        f"has other code there: what differs is {', '.join(edited)}. Put it back as it was to go on in this folder, or "
        "take another folder for the code as it is now"
    )
