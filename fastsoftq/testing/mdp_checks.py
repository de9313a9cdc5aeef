"""check_mdp: what is wrong with an MDP, and what is worth knowing before anything is learned in it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.graph_search import leading_to, reached_states
from fastsoftq.mdp.tables import tables
from fastsoftq.mdp.tabular import TabularMDP, checked_mdp
from fastsoftq.planning.critical import critical_reward_scale, work_of_critical
from fastsoftq.planning.iteration import value_iteration
from fastsoftq.system.streams import counted
from fastsoftq.testing.check_report import CheckReport, Finding
from fastsoftq.testing.sampled_steps import frequencies

__all__ = ["check_mdp"]

_MOST_WORK = 1e9  # of planning, in outcomes that are looked at: some seconds
_MOST_STATES = 20_000  # whose values at discount 1 are solved


def check_mdp(mdp: TabularMDP, *, strict: bool = False) -> CheckReport:
    """Tell what is wrong with an MDP, and what is worth knowing of it.

    Parameters
    ----------
    mdp : TabularMDP
    strict : bool
        Raise if something is wrong, as `CheckReport.raise_if_wrong` does.

    Returns
    -------
    CheckReport
        A line for each of: probabilities, rewards, next states, starts, terminal states, absorbing states, dead ends,
        unreachable states, discount 1, critical reward scale, sampled steps, memory. What is a matter of taste is a
        note: a continuing task, or states that the start cannot lead to, are no faults.

    Raises
    ------
    TypeError
        `mdp` is not a TabularMDP.
    AssertionError
        Something is wrong, if `strict`.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> report = check_mdp(fsq.from_map("S.#G"))
    >>> report.ok, report["dead ends"].verdict
    (True, 'note')
    >>> report["dead ends"].found
    'from 2 states, such as 0, no terminal outcome can be reached'
    """
    strict = checks.flag("strict", strict)
    mdp = checked_mdp(mdp)
    findings = [_probabilities(mdp), _rewards(mdp), _next_states(mdp), _starts(mdp)]
    if any(finding.verdict == "wrong" for finding in findings):
        why = "the tables are wrong, so what follows from them was not looked at"
        findings.append(Finding("dynamics", "skipped", why))
    else:
        going_on, entered = reached_states(mdp)
        findings += [_terminal(mdp, entered), _absorbing(mdp, going_on), _dead_ends(mdp, going_on)]
        findings += [_unreachable(entered), _discount_one(mdp, going_on), _critical(mdp), _sampled(mdp), _memory(mdp)]
    report = CheckReport(f"MDP {mdp.name}", tuple(findings))
    return report.raise_if_wrong() if strict else report


def _some(states: Iterable[int]) -> str:
    every = list(map(int, states))
    return f"{counted(len(every), 'state')}, such as {every[0]}," if every else "no state"


def _entry(bad: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(bad)[0])


def _probabilities(mdp: TabularMDP) -> Finding:
    p = mdp.probability
    off = ~(p >= 0.0)
    if off.any():
        where = _entry(off)
        return Finding(
            "probabilities", "wrong", f"probability{list(where)} is {p[where]}", "probabilities must be at least 0"
        )
    error = np.abs(p.sum(axis=2) - 1.0)
    if not (error <= 1e-9).all():
        state, action = _entry(~(error <= 1e-9))
        total = p[state, action].sum()
        return Finding(
            "probabilities",
            "wrong",
            f"those of state {state}, action {action} sum to {total:.12g}",
            "the outcomes of each action must sum to 1: divide by their sum, if it is rounding",
        )
    return Finding("probabilities", "ok", f"they sum to 1 to within {error.max():.2g}")


def _rewards(mdp: TabularMDP) -> Finding:
    bad = ~(np.abs(mdp.reward) <= checks.LARGEST)
    if bad.any():
        where = _entry(bad)
        return Finding(
            "rewards",
            "wrong",
            f"reward{list(where)} is {mdp.reward[where]}",
            f"make every reward finite and within ±{checks.LARGEST:g}",
        )
    low, high = mdp.reward.min(), mdp.reward.max()
    return Finding("rewards", "ok", f"finite, from {low:.6g} to {high:.6g}")


def _next_states(mdp: TabularMDP) -> Finding:
    bad = (mdp.next_state < 0) | (mdp.next_state >= mdp.n_states)
    if bad.any():
        where = _entry(bad)
        return Finding(
            "next states",
            "wrong",
            f"next_state{list(where)} is {mdp.next_state[where]}",
            f"with {mdp.n_states} states it must lie in 0..{mdp.n_states - 1}",
        )
    return Finding("next states", "ok", f"all within the {mdp.n_states:,} states")


def _starts(mdp: TabularMDP) -> Finding:
    off = ~(mdp.start >= 0.0)
    if off.any():
        state = _entry(off)[0]
        return Finding("starts", "wrong", f"start[{state}] is {mdp.start[state]}", "probabilities must be at least 0")
    total = mdp.start.sum()
    if not abs(total - 1.0) <= 1e-9:
        return Finding("starts", "wrong", f"start sums to {total:.12g}", "make it a distribution over states")
    ended = mdp.terminal & (mdp.start > 0.0)
    if ended.any():
        return Finding("starts", "wrong", f"state {_entry(ended)[0]} is terminal, and a start", "start somewhere else")
    count = int(np.count_nonzero(mdp.start))
    return Finding("starts", "ok", counted(count, "start state"))


def _terminal(mdp: TabularMDP, reached: NDArray[np.bool_]) -> Finding:
    ends = (mdp.terminated & (mdp.probability > 0.0))[reached]
    if not ends.any():
        return Finding(
            "terminal states",
            "note",
            "no outcome terminates: a continuing task",
            "every episode is cut at max_steps; take a discount below 1",
        )
    lost = np.flatnonzero(mdp.terminal & ~reached)
    found = f"{int((mdp.terminal & reached).sum()):,} terminal states are reached"
    if len(lost):
        return Finding("terminal states", "note", f"{found}; {_some(lost)} cannot be reached", "is a way in missing?")
    return Finding("terminal states", "ok", found)


def _absorbing(mdp: TabularMDP, reached: NDArray[np.bool_]) -> Finding:
    """States that nothing leaves, though they do not terminate: most often a forgotten `terminated`."""
    possible = mdp.probability > 0.0
    stays = (mdp.next_state == np.arange(mdp.n_states)[:, None, None]) | ~possible
    open_ended = ~(mdp.terminated & possible).any(axis=(1, 2))
    stuck = np.flatnonzero(stays.all(axis=(1, 2)) & open_ended & reached)
    if len(stuck):
        return Finding(
            "absorbing states",
            "note",
            f"{_some(stuck)} cannot be left and do not terminate",
            "set terminated on the outcomes that lead there, if episodes should end",
        )
    return Finding("absorbing states", "ok", "every state that cannot be left has terminated")


def _dead_ends(mdp: TabularMDP, reached: NDArray[np.bool_]) -> Finding:
    ends = np.asarray((mdp.terminated & (mdp.probability > 0.0)).any(axis=(1, 2)))
    if not ends.any():
        return Finding("dead ends", "skipped", "a continuing task has none")
    dead = np.flatnonzero(reached & ~leading_to(mdp, ends | mdp.terminal))
    if len(dead):
        return Finding(
            "dead ends",
            "note",
            f"from {_some(dead)} no terminal outcome can be reached",
            "episodes that come there run until max_steps",
        )
    return Finding("dead ends", "ok", "from every state that is reached some episode terminates")


def _unreachable(reached: NDArray[np.bool_]) -> Finding:
    lost = np.flatnonzero(~reached)
    if len(lost):
        return Finding(
            "unreachable states",
            "note",
            f"{_some(lost)} cannot be reached from the start",
            "their values are never learned; they cost memory only",
        )
    return Finding("unreachable states", "ok", f"all {len(reached):,} states are reached from the start")


def _discount_one(mdp: TabularMDP, reached: NDArray[np.bool_]) -> Finding:
    name = "discount 1"
    if mdp.n_states > _MOST_STATES:
        return Finding(name, "skipped", f"{mdp.n_states:,} states are more than {_MOST_STATES:,}, and are not solved")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            solved = value_iteration(mdp, 1.0)
    except ValueError as error:
        return Finding(name, "note", f"not safe: {error}", "take a discount below 1")
    lost = np.flatnonzero(reached & np.isneginf(solved.v))
    if len(lost):
        return Finding(
            name, "note", f"not safe: {_some(lost)} lose for ever whatever is done", "take a discount below 1"
        )
    if not solved.converged:
        return Finding(name, "note", "planning proves no finite values", "take a discount below 1")
    return Finding(name, "ok", f"safe for hard values: the best from the start is {float(mdp.start @ solved.v):.6g}")


def _critical(mdp: TabularMDP) -> Finding:
    name = "critical reward scale"
    if work_of_critical(mdp) > _MOST_WORK:
        return Finding(name, "skipped", "the MDP is too large to find it in seconds")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            critical = critical_reward_scale(mdp)
    except ArithmeticError as error:
        return Finding(name, "note", f"not known: {error}")
    if math.isinf(critical):
        return Finding(
            name,
            "note",
            "none is large enough: one can wander for ever at no loss",
            "soft agents need a discount below 1",
        )
    if critical == 0.0:
        return Finding(name, "ok", "any will do: soft values at discount 1 are finite")
    return Finding(
        name, "ok", f"soft values at discount 1 are finite where reward_scale / temperature is above {critical:.6g}"
    )


def _sampled(mdp: TabularMDP) -> Finding:
    fault, taken = frequencies(mdp, tables(mdp))
    if fault:
        return Finding("sampled steps", "wrong", fault, "report this: steps do not follow the tables")
    return Finding("sampled steps", "ok", f"{taken:,} steps and starts agree with the tables")


def _memory(mdp: TabularMDP) -> Finding:
    arrays: list[Any] = [mdp.next_state, mdp.reward, mdp.terminated, mdp.probability, mdp.start]
    whole, table = sum(array.nbytes for array in arrays), 8 * mdp.n_states * mdp.n_actions
    return Finding("memory", "ok", f"{_bytes(whole)} for the MDP, {_bytes(table)} for each run's table")


def _bytes(count: float) -> str:
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.3g} {unit}"
        count /= 1024
    return f"{count:.3g} GiB"
