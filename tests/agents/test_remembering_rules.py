"""Agents of one's own that remember: rules that need one another, and what each must give."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.agents.memory_rules import (
    adapted,
    backed_up,
    begin_run,
    beside,
    episode_ended,
    estimate,
    learn_beside,
    memory,
    pass_back,
    rewarded,
    step_taken,
    steps,
    time_bonus,
    value_ahead,
)
from fastsoftq.agents.rules import learn, update_summary
from fastsoftq.agents.wrapping import counting, wrapper
from fastsoftq.engine.rule_errors import RuleError
from fastsoftq.testing import check_agent
from tests.agents.ruled import agent_with
from tests.engine.running import bits, train

CLIFF = fsq.cliff_walking(height=3, width=4)
TASK = {"seeds": 2, "episodes": 3, "max_steps": 20}


def twice_the_reward(agent, reward, kept):
    return 2.0 * reward


class Seen(NamedTuple):
    visits: Any


def counts(agent, n_states, n_actions):
    return Seen(np.zeros(n_states))


def one_beside(agent, value):
    return Seen(0.0)


# ---- rules that nothing would follow ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([(rewarded, twice_the_reward)], "rule 'rewarded', which nothing follows without 'beside' or 'steps' or"),
        ([(estimate, lambda agent, entry, kept: entry)], "rule 'estimate', which nothing follows without 'beside' or"),
        (
            [(learn_beside, lambda agent, entry, kept, reward, terminated, value, draw: (entry, kept))],
            "rule 'learn_beside', which nothing follows without 'beside' or",
        ),
        (
            [(beside, one_beside), (pass_back, lambda agent, row, kept, action, value, like: value)],
            "rule 'pass_back', which nothing follows without 'steps'",
        ),
        ([(backed_up, lambda agent, reward, terminated, value: value)], "rule 'backed_up', .* without 'steps'"),
        ([(time_bonus, lambda agent: 0.5)], "rule 'time_bonus', which nothing follows without 'planning_steps'"),
        ([(step_taken, lambda agent, memory, q, step, like: None)], "rule 'step_taken', .* without 'memory'"),
        ([(begin_run, lambda agent, memory, q: None)], "rule 'begin_run', .* without 'memory'"),
        ([(steps, lambda agent: 3), (episode_ended, lambda agent, memory, q: None)], ".* without 'memory'"),
        ([(memory, counts)], "rule 'memory' and no rule 'step_taken', .* its table would never change"),
    ],
)
@pytest.mark.parametrize("within", [lambda agent: agent, fsq.Frozen], ids=["itself", "within another"])
def test_a_rule_that_nothing_would_follow_is_refused(rules, message, within):
    """All of these trained as if the rule were not there."""
    agent = within(agent_with(*rules))
    with pytest.raises(TypeError, match=f"Mine has the {message}"):
        fsq.train(CLIFF, agent, **TASK)
    (found,) = check_agent(agent).wrong
    assert (found.check, found.verdict) == ("rules", "wrong")


def test_it_is_followed_where_an_agent_around_remembers():
    """Twice the reward is reward scale 2, to the bit; counts are kept by the agent around."""
    agent = fsq.VisitStepSize(agent_with((rewarded, twice_the_reward)), power=0.0)
    doubled = fsq.VisitStepSize(agent_with()._replace(reward_scale=2.0), power=0.0)
    for lanes in (0, 16):
        assert bits(train(lanes, CLIFF, agent, **TASK)) == bits(train(lanes, CLIFF, doubled, **TASK))


def test_a_wrapper_may_have_rules_for_agents_with_memory_and_without():
    @wrapper
    class Halving(NamedTuple):
        agent: Any

    fsq.rule(learn, Halving)(lambda agent, entry, reward, terminated, value: 0.5 * entry)
    fsq.rule(learn_beside, Halving)(lambda agent, entry, kept, reward, terminated, value, draw: (0.5 * entry, kept))
    for inner in (fsq.QLearning(0.5, 0.9), fsq.DoubleQLearning(0.5, 0.9)):
        curves = train(0, CLIFF, Halving(inner), keep_q=True, **TASK)
        assert not curves.final_q.any()  # zeros, halved


def test_a_wrapper_that_counts_has_rules_that_rest_on_counts_only():
    """Around an agent that learns from one step, too; without rules of its own it is that agent."""

    @counting
    class Counting(NamedTuple):
        agent: Any

    for lanes in (0, 16):
        trained = train(lanes, CLIFF, Counting(fsq.QLearning(0.5, 0.9)), **TASK)
        assert bits(trained) == bits(train(lanes, CLIFF, fsq.QLearning(0.5, 0.9), **TASK))


def test_a_wrappers_rule_that_nothing_would_follow_is_refused():
    @wrapper
    class Doubled(NamedTuple):
        agent: Any

    fsq.rule(rewarded, Doubled)(twice_the_reward)
    with pytest.raises(TypeError, match=r"Doubled has the rule 'rewarded', which nothing follows .*; `counting` of"):
        fsq.train(CLIFF, Doubled(fsq.QLearning(0.5, 0.9)), **TASK)
    fsq.train(CLIFF, Doubled(fsq.DoubleQLearning(0.5, 0.9)), **TASK)


def test_a_wrapper_holds_its_agent_in_a_field():
    class Holding(NamedTuple):
        inner: Any

    with pytest.raises(TypeError, match=r"agents includes <class .*Holding'>; a wrapper must hold .* field 'agent'"):
        wrapper(Holding)


def test_networks_refuse_them_too():
    with pytest.raises(TypeError, match=r"Mine has the rule 'rewarded', which nothing follows"):
        fsq.train(fsq.cart_pole(), fsq.Deep(agent_with((rewarded, twice_the_reward))), seeds=1, steps=10)


# ---- what rules must give --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "error", "message"),
    [
        (2.5, TypeError, "the rule 'steps' of Mine gives 2.5; it must give an integer, or None"),
        (True, TypeError, "the rule 'steps' of Mine gives True; it must give an integer, or None"),
        (0, ValueError, "the rule 'steps' of Mine gives 0; it must give at least 1, or None"),
        (-1, ValueError, "the rule 'steps' of Mine gives -1; it must give at least 1, or None"),
    ],
)
def test_steps_are_a_positive_integer(n, error, message):
    with pytest.raises(error, match=message):
        fsq.train(CLIFF, agent_with((steps, lambda agent: n)), **TASK)


def test_no_steps_are_one_step():
    agent = agent_with((steps, lambda agent: None))
    assert bits(train(0, CLIFF, agent, **TASK)) == bits(train(0, CLIFF, fsq.QLearning(0.5, 0.9), **TASK))


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (
            [(steps, lambda agent: 3), (pass_back, lambda agent, row, kept, action, value, like: row)],
            r"the rule 'pass_back' of Mine returns UniTuple\(.*; it must return a number",
        ),
        (
            [(beside, one_beside), (estimate, lambda agent, entry, kept: kept)],
            r"the rule 'estimate' of Mine returns Seen\(.*; it must return a number",
        ),
        (
            [(beside, one_beside), (value_ahead, lambda agent, row, kept, action, draw, like: row)],
            r"the rule 'value_ahead' of Mine returns UniTuple\(.*; it must return a number",
        ),
        (
            [(beside, one_beside), (rewarded, lambda agent, reward, kept: None)],
            "the rule 'rewarded' of Mine returns none; it must return a number",
        ),
        (
            [(beside, one_beside), (adapted, lambda agent, kept: kept)],
            r"the rule 'adapted' of Mine returns Seen\(.*; it must return the agent, as `with_step_size`",
        ),
        (
            [(update_summary, lambda agent, row, summary, changed, entry, like: summary)],
            "the rule 'update_summary' of Mine returns float64 .*; it must return the summary, and whether that is",
        ),
    ],
)
def test_what_a_rule_must_give_is_told_in_one_line(rules, message):
    with pytest.raises(RuleError, match=message) as caught:
        train(0, CLIFF, agent_with(*rules), **TASK)
    assert len(str(caught.value).splitlines()) == 1


# ---- what memory may hold --------------------------------------------------------------------------------------------


class Diary(NamedTuple):
    rewards: Any
    visits: Any


def test_memory_may_hold_lists_and_dictionaries():
    """They ended the process: arrays are borrowed from whoever counts them, and these were let go twice."""

    def empty(agent, n_states, n_actions):
        return Diary([0.0], {-1: 0})

    def mean_reward(agent, memory, q, step, like):
        memory.rewards.append(step.reward)
        memory.visits[step.state] = memory.visits.get(step.state, 0) + 1
        total = 0.0
        for reward in memory.rewards:
            total += reward
        q[step.state, step.action] = total / (len(memory.rewards) - 1)
        q[step.state, 0] = memory.visits[step.state]

    corridor = fsq.TabularMDP([[1, 1], [2, 2], [2, 2]], [[-2.0], [-4.0], [0.0]], [[False], [True], [True]])
    agent = agent_with((memory, empty), (step_taken, mean_reward))._replace(epsilon=1.0)
    curves = fsq.train(corridor, agent, seeds=40, episodes=2, keep_q=True, threads=2)
    # Visits of a state are 2; means over the steps of a run are -2, -3, -8/3 and -3: the last of each state stays.
    assert (curves.final_q[:, :2, 0] <= 2).all()
    assert (curves.returns == -6.0).all()
    seen = set(np.unique(curves.final_q[:, :2].round(9)))
    assert {2.0, round(-8 / 3, 9), -3.0} <= seen <= {0.0, 1.0, 2.0, round(-8 / 3, 9), -3.0, -2.0}
