"""Rules tried on rows alone: the actions that `act` takes over all draws, and summaries that are kept up to date."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.agents.rules import act, bootstrap, complete_summary, summarise, summarise_entry, update_summary
from fastsoftq.agents.schedules import tuned
from fastsoftq.engine.dispatch import call_compiled
from fastsoftq.kernels.jit import compiled
from fastsoftq.kernels.over_actions import read_row, replaced
from fastsoftq.kernels.random import Draw
from fastsoftq.testing.check_report import Finding

__all__ = ["action_probabilities", "actions", "summaries"]

_HIGH, _LOW = 32, 256  # how many halves of draws are tried, evenly over all
_NONE = -(2**31)
_ROWS, _ACTIONS = 200, (1, 4, 9)
_CLOSE = 1e-9  # relative to the row
_FEW = 0.01  # of the draws


@compiled
def _count_actions(agent, row, like, n_high, n_low, counts, stranger):
    """Count the actions of all draws on an even grid; an action that is none goes to `stranger`."""
    now = tuned(agent, np.int32(0))
    summary = complete_summary(now, summarise(now, row, like))
    for i in range(n_high):
        for j in range(n_low):
            high, low = np.uint32((2 * i + 1) * 2**31 // n_high), np.uint32((2 * j + 1) * 2**31 // n_low)
            action = np.int64(act(now, row, summary, Draw(high, low)))
            if 0 <= action < len(row):
                counts[action] += 1
            else:
                stranger[0] = action


@compiled
def _compare(agent, table, state, like_row, changed, value, like, n_high, n_low, found):
    """A summary kept up to date beside one made anew: their values, and for how many draws actions differ."""
    now = tuned(agent, np.int32(0))
    before = read_row(table, state, like_row)
    summary = complete_summary(now, summarise(now, before, like))
    entry = summarise_entry(now, summary, value, like)
    row = replaced(before, changed, value)
    kept, stale = update_summary(now, row, summary, changed, entry, like)
    anew = complete_summary(now, summarise(now, row, like))
    found[0] = stale
    for a in range(len(row)):
        found[1 + 2 * a] = bootstrap(now, row, kept, np.int32(a))
        found[2 + 2 * a] = bootstrap(now, row, anew, np.int32(a))
    for i in range(n_high):
        for j in range(n_low):
            draw = Draw(np.uint32((2 * i + 1) * 2**31 // n_high), np.uint32((2 * j + 1) * 2**31 // n_low))
            if act(now, row, kept, draw) != act(now, row, anew, draw):
                found[-1] += 1.0


def _rows(rng: np.random.Generator, n_actions: int = 4) -> NDArray[np.float64]:
    """Rows of values of many sizes, with ties."""
    rows = rng.normal(size=(_ROWS, n_actions)) * 10.0 ** rng.integers(-2, 3, (_ROWS, 1))
    rows[::5] = np.round(rows[::5])
    rows[0] = 0.0
    return rows


def action_probabilities(agent: Any, row: NDArray[np.float64], high: int = 64, low: int = 4096) -> Any:
    """How often each action is taken over an even grid of draws, float64 [actions].

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> action_probabilities(fsq.QLearning(0.5, 0.9, epsilon=0.5), np.array([0.0, 1.0])).tolist()
    [0.25, 0.75]
    """
    return _counted(agent, row, high, low)[0] / (high * low)


def _counted(agent: Any, row: NDArray[np.float64], high: int, low: int) -> tuple[NDArray[np.int64], int]:
    """How often each action is taken, and an action that is none, or `_NONE`."""
    counts, stranger = np.zeros(len(row), np.int64), np.full(1, _NONE)
    call_compiled(_count_actions, agent, tuple(row.tolist()), np.float64(0.0), high, low, counts, stranger)
    return counts, int(stranger[0])


def actions(agent: Any) -> Finding:
    """Whether `act` takes an action that there is, for every draw: its probabilities sum to one.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> actions(fsq.QLearning(0.5, 0.9)).verdict
    'ok'
    """
    for n_actions in _ACTIONS:
        for values in _rows(np.random.default_rng(1), n_actions):
            counts, stranger = _counted(agent, values, _HIGH, _LOW)
            if stranger != _NONE:
                total = counts.sum() / (_HIGH * _LOW)
                found = f"`act` takes action {stranger} of {n_actions}: the probabilities of these sum to {total:.4g}"
                return Finding("actions", "wrong", found, "`act` must return 0..len(row) - 1 for every draw")
    counts_of = ", ".join(map(str, _ACTIONS[:-1]))
    return Finding(
        "actions",
        "ok",
        f"probabilities sum to 1 over {_HIGH * _LOW:,} draws, of {counts_of} and {_ACTIONS[-1]} actions",
    )


def summaries(agent: Any) -> Finding:
    """Whether `update_summary` agrees with a summary made anew.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> summaries(fsq.SoftQLearning(0.5, 0.9)).verdict
    'ok'
    """
    rng = np.random.default_rng(2)
    rows = _rows(rng)
    changes = rng.integers(-1, 4, _ROWS)
    values = rows[:, 0] + rng.normal(size=_ROWS) * 10.0 ** rng.integers(-2, 3, _ROWS)
    worst, stale = 0.0, 0
    for state, (changed, value) in enumerate(zip(changes, values, strict=True)):
        found = np.zeros(10)
        like, row, change = np.float64(0.0), (0.0,) * 4, (np.int32(changed), float(value))
        call_compiled(_compare, agent, rows, state, row, *change, like, _HIGH, _LOW, found)
        kept, anew, differ = found[1:9:2], found[2:9:2], int(found[-1])
        if found[0]:
            stale += 1
            continue
        scale = max(1.0, float(np.abs(rows[state]).max()), abs(float(value)))
        with np.errstate(invalid="ignore"):
            gaps = np.where((kept == anew) | ((kept != kept) & (anew != anew)), 0.0, np.abs(kept - anew))
        apart = float(gaps.max()) / scale
        worst = max(worst, apart) if apart == apart else apart
        if not worst <= _CLOSE or differ > _FEW * _HIGH * _LOW:
            what = f"action {changed} of {np.round(rows[state], 4).tolist()} became {value:.4g}"
            if not worst <= _CLOSE:
                k = int(np.argmax(gaps))
                says = f"`bootstrap` gives {kept[k]:.9g} of the updated summary, {anew[k]:.9g} anew"
            else:
                says = f"`act` differs for {differ / (_HIGH * _LOW):.1%} of draws from what it does anew"
            return Finding(
                "summaries",
                "wrong",
                f"where {what}, {says}",
                "`update_summary` must give what `summarise` would, or say that it is stale",
            )
    found_text = f"updated and made anew differ by at most {worst:.1g}; {stale} of {_ROWS} were called stale"
    return Finding("summaries", "ok", found_text)
