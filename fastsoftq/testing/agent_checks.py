"""check_agent: what is wrong with an agent of your own, from its hyperparameters to what its table converges to."""

from __future__ import annotations

from typing import Any

from fastsoftq import checks
from fastsoftq.agents.hyperparameters import checked
from fastsoftq.agents.rules import AGENTS, Agent, check_code
from fastsoftq.engine.memory_checks import check_memory_rules
from fastsoftq.testing.check_report import CheckReport, Finding
from fastsoftq.testing.convergence import convergence
from fastsoftq.testing.engine_agreement import SEE, Trials, first_fault
from fastsoftq.testing.rule_trials import actions, summaries

__all__ = ["check_agent"]

# The rules of an agent that keeps nothing but its table: these can be tried on one row alone.
_OF_ONE_ROW = {"act", "bootstrap", "complete_summary", "double_bootstrap", "learn", "on_policy", "summarise"}
_OF_ONE_ROW |= {"summarise_entry", "update_summary", "varies_by_episode"}


def check_agent(agent: Agent, *, strict: bool = False) -> CheckReport:
    """Tell what is wrong with an agent, and what its table converges to.

    It is tried in small worlds, deterministic and stochastic, with one start and several, with 1 to 9 actions. An agent
    that is new is compiled for each of them, which takes half a minute; later its code is on the disk.

    Parameters
    ----------
    agent : NamedTuple
    strict : bool
        Raise if something is wrong, as `CheckReport.raise_if_wrong` does.

    Returns
    -------
    CheckReport
        A line for each of: hyperparameters, rules, actions (what `act` returns for all draws), summaries
        (`update_summary` against `summarise`), numbers (the rules compile, and run one run at a time), vectors (and
        many at once: no rule branches on a number), engines (both agree to the bit), threads, precision, finite
        tables, convergence. After a fault, what rests on it is skipped. Convergence is no fault or merit: an agent need
        not converge to optimal values, and its line says to what it does, in a table of errors.

    Raises
    ------
    AssertionError
        Something is wrong, if `strict`.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> report = check_agent(fsq.QLearning(step_size=0.5, discount=0.9))
    >>> report.ok, report["convergence"].found.splitlines()[0]
    (True, 'to the optimal values')
    """
    strict = checks.flag("strict", strict)
    findings = _declared(agent)
    if all(finding.verdict == "ok" for finding in findings):
        findings += _tried(checked(agent))
    name = type(agent).__name__
    report = CheckReport(f"agent {name}", tuple(findings))
    return report.raise_if_wrong() if strict else report


def _declared(agent: Any) -> list[Finding]:
    """What can be told before anything is trained."""
    try:
        checked(agent)
    except (TypeError, ValueError) as error:
        return [Finding("hyperparameters", "wrong", str(error))]
    findings = [Finding("hyperparameters", "ok", ", ".join(agent._fields) or "none")]
    missing = AGENTS.missing(type(agent))
    if missing:
        lacking = ", ".join(map(repr, missing))
        advice = "give each with `@fastsoftq.rule(NAME, YourAgent)`; fastsoftq.agents.rules lists them"
        return [*findings, Finding("rules", "wrong", f"there is no rule {lacking}", advice)]
    try:
        check_code(agent)
        check_memory_rules(agent)
    except (TypeError, ValueError) as error:
        return [*findings, Finding("rules", "wrong", str(error))]
    passed_on = {generic.__name__ for generic in AGENTS.implementations if _passes_on(agent, generic)}
    own = ", ".join(sorted(_own_rules(agent) - passed_on)) or "none"
    others = "; all others are of the agent that it holds" if passed_on else ""
    return [*findings, Finding("rules", "ok", f"its own: {own}{others}")]


def _own_rules(agent: Any) -> set[str]:
    return {generic.__name__ for generic, classes in AGENTS.implementations.items() if type(agent) in classes}


def _passes_on(agent: Any, generic: Any) -> bool:
    return hasattr(AGENTS.implementations[generic].get(type(agent)), "passes_on")


def _tried(agent: Any) -> list[Finding]:
    alone = _own_rules(agent) <= _OF_ONE_ROW
    if alone:
        # First of all: lanes would write outside their tables for an action that there is not.
        found: list[Finding] = []

        def tried() -> str:
            found.extend((actions(agent), summaries(agent)))
            return ""

        fault = first_fault(tried)
        if fault:
            return [Finding("numbers", "wrong", fault, SEE), Finding("vectors", "skipped", "it fails for numbers")]
        if found[0].verdict == "wrong":
            return [*found, Finding("engines", "skipped", "no run can be trusted with such actions")]
    else:
        why = "it keeps more than its table, so its rules cannot be tried on a row alone"
        found = [Finding("actions", "skipped", why), Finding("summaries", "skipped", why)]
    trials = Trials(agent)
    numbers = trials.numbers()
    if numbers.verdict == "wrong":
        return [*found, numbers, Finding("vectors", "skipped", "it fails for numbers")]
    found += [numbers, trials.vectors(), trials.engines(), trials.threads(), trials.precision(), trials.finite()]
    return [*found, convergence(agent, trials.engine, has_own_policy=alone)]
