"""A rule that cannot be compiled is told of in a line: which rule, of which agent, and what to use instead."""

import functools
import re
from typing import NamedTuple

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError

import fastsoftq as fsq
from fastsoftq.agents.epsilon_greedy import epsilon_greedy
from fastsoftq.agents.memory_rules import beside, learn_beside
from fastsoftq.agents.rules import act, bootstrap, rule, summarise
from fastsoftq.engine.rule_errors import RuleError
from tests.agents.ruled import agent_with
from tests.engine.running import train

CLIFF = fsq.cliff_walking(height=3, width=4)


def asks(agent, row, summary, action):
    if summary > 0.0:
        return summary
    return 0.0 * summary


def loops(agent, row, summary, action):
    value = summary
    while value > 1.0:
        value = 0.5 * value
    return value


def joins(agent, row, summary, action):
    return (summary > 0.0 and summary < 1.0) * summary


def takes_the_lesser(agent, row, summary, action):
    return min(row[0], row[1])


def takes_numpys(agent, row, summary, action):
    return np.max(row)


def misspells_a_field(agent, row, summary, action):
    return summary * agent.temprature


def misspells_a_name(agent, row, summary, action):
    return sumary  # noqa: F821


def opens_a_file(agent, row, summary, action):
    return open(summary)  # noqa: PTH123


def returns_the_row(agent, row, summary, action):
    return row


def refused(lanes, agent):
    with pytest.raises(RuleError) as caught:
        train(lanes, CLIFF, agent, 2, 1, 5)
    assert isinstance(caught.value, TypingError)
    assert isinstance(caught.value.__cause__, Exception)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert len(message) < 600
    return message


@pytest.mark.parametrize(
    ("implementation", "line", "told"),
    [
        (
            asks,
            2,
            "`if`, `while`, `and`, `or` and `not` cannot ask many numbers at once. Rules run on .*select",
        ),
        (loops, 3, "`if`, `while`, .* cannot ask many numbers at once"),
        (joins, 2, "`if`, `while`, `and`, .* cannot ask many numbers at once"),
        (takes_the_lesser, 2, "`min` knows no vectors, `minimum` does"),
        (takes_numpys, 2, r"No implementation of function .*max.* found for signature: max\(.*use arithmetic"),
        (misspells_a_field, 2, "Unknown attribute 'temprature' of type Mine"),
        (misspells_a_name, 1, "NameError: name 'sumary' is not defined"),
        (opens_a_file, 2, "Untyped global name 'open'"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_it_names_the_rule_the_agent_the_line_and_what_is_wrong(implementation, line, told):
    message = refused(16, agent_with((bootstrap, implementation)))
    assert message.startswith("the rule 'bootstrap' of Mine cannot be compiled")
    where = f"test_rule_errors.py, line {implementation.__code__.co_firstlineno + line - 1}): "
    assert re.search(f"{where.replace(')', '[)]')}{told}", message), message


def test_what_only_vectors_cannot_do_one_run_at_a_time_can():
    assert train(0, CLIFF, agent_with((bootstrap, asks)), 2, 1, 5).lengths.max() == 5


def test_one_run_at_a_time_says_the_same():
    message = refused(0, agent_with((bootstrap, misspells_a_field)))
    assert "the rule 'bootstrap' of Mine cannot be compiled" in message
    assert "Unknown attribute 'temprature' of type Mine" in message


@pytest.mark.parametrize("lanes", [0, 16])
def test_what_returns_the_wrong_thing_is_named_too(lanes):
    message = refused(lanes, agent_with((bootstrap, returns_the_row)))
    assert message.startswith("the rule 'bootstrap' of Mine returns UniTuple(")
    assert message.endswith("; it must return a number")


@pytest.mark.parametrize("lanes", [0, 16])
def test_it_is_told_as_well_when_it_is_tried_again(lanes):
    agent = agent_with((bootstrap, misspells_a_field))
    first = refused(lanes, agent)
    assert "Unknown attribute 'temprature' of type Mine" in first
    assert refused(lanes, agent) == first


def test_another_agents_earlier_fault_is_not_told():
    """Of two of one name, as of a cell of a notebook that was run twice."""
    before = agent_with((bootstrap, misspells_a_field))
    after = agent_with((bootstrap, misspells_a_name))
    refused(0, before)
    for _ in range(2):  # the first time Numba asks for the rules, the second it knows them
        assert "name 'sumary' is not defined" in refused(0, after)


def test_an_action_must_be_an_integer():
    agent = agent_with((act, lambda agent, row, summary, draw: summary))
    with pytest.raises(RuleError, match=r"the rule 'act' of Mine returns Vec.float64, 16.; it must return an int32"):
        train(16, CLIFF, agent, 2, 1, 5)


def test_of_an_agent_within_another_the_inner_one_is_named():
    inner = agent_with((summarise, lambda agent, row, like: row[0] * agent.missing))
    message = refused(16, fsq.Frozen(inner))
    assert message.startswith("the rule 'summarise' of Mine cannot be compiled")
    assert "Unknown attribute 'missing'" in message


@pytest.mark.parametrize(
    ("generic", "implementation", "message"),
    [
        (
            bootstrap,
            lambda agent, row: row[0],
            r"'bootstrap' is called with \(agent, row, summary, action\); .*: too many",
        ),
        (
            summarise,
            lambda agent, row, like, draw: row[0],
            r"'summarise' is called with \(agent, row, like\); .* missing",
        ),
    ],
)
def test_a_rule_of_other_arguments_is_refused_where_it_is_given(generic, implementation, message):
    with pytest.raises(TypeError, match=message):
        agent_with((generic, implementation))


class Mean(NamedTuple):
    mean: float
    count: float


NOTHING_YET = Mean(0.0, 0.0)


def keeping(learned, begins=NOTHING_YET):
    """An agent that gives something to keep beside an entry."""

    @epsilon_greedy
    class Keeping(NamedTuple):
        step_size: float = 0.5
        discount: float = 0.9
        epsilon: float = 0.1
        reward_scale: float = 1.0

    rule(bootstrap, Keeping)(lambda agent, row, summary, action: summary)
    rule(beside, Keeping)(lambda agent, value: begins)
    rule(learn_beside, Keeping)(learned)
    return Keeping()


@pytest.mark.parametrize("lanes", [0, 16])
@pytest.mark.parametrize(
    ("learned", "told"),
    [
        (lambda a, entry, kept, r, t, v, d: (entry, (kept.mean, v, v)), "it must give 2 numbers .* not 3"),
        (lambda a, entry, kept, r, t, v, d: (entry, kept.mean), "it must give 2 numbers .* not 1"),
        (lambda a, entry, kept, r, t, v, d: (entry, None), "it must give 2 numbers .* not 0"),
        (lambda a, entry, kept, r, t, v, d: Mean(entry, kept.mean), "it must give 2 numbers .* not 1"),
        (lambda a, entry, kept, r, t, v, d: entry, "it must return the new entry, and what is kept beside it"),
    ],
)
def test_what_is_kept_beside_an_entry_stays_as_large_as_it_began(learned, told, lanes):
    with pytest.raises(RuleError, match=rf"the rule 'learn_beside' of Keeping returns .* line \d+\); {told}"):
        train(lanes, CLIFF, keeping(learned), seeds=2, episodes=2, max_steps=5)


def test_what_is_kept_beside_an_entry_begins_as_floats():
    agent = keeping(lambda a, entry, kept, r, t, v, d: (entry, kept), begins="x")
    with pytest.raises(RuleError, match=r"the rule 'beside' of Keeping returns .*must return a NamedTuple of floats"):
        train(0, CLIFF, agent, seeds=2, episodes=2, max_steps=5)


@pytest.mark.parametrize("lanes", [0, 16])
def test_a_plain_number_may_be_kept_beside_an_entry(lanes):
    agent = keeping(lambda a, entry, kept, r, t, v, d: (v, Mean(1, 2.0)))
    assert train(lanes, CLIFF, agent, seeds=2, episodes=2, max_steps=5).lengths.shape == (2, 2)


class Callable:
    def method(self, agent, row, summary, action):
        return summary

    def __call__(self, agent, row, summary, action):
        return summary


@pytest.mark.parametrize(
    "implementation", [Callable().method, Callable(), functools.partial(asks), njit(asks), max, None, "asks"]
)
def test_what_is_no_plain_function_is_refused_where_it_is_given(implementation):
    with pytest.raises(TypeError, match=r"the rule 'bootstrap' is .*; it must be a plain function"):
        agent_with((bootstrap, implementation))


def test_a_rule_of_no_agent_is_refused():
    with pytest.raises(TypeError, match="classes is empty; name the agents whose rule 'bootstrap' this is"):
        rule(bootstrap)
