"""An agent of one's own is a NamedTuple and its rules; nothing else need know of it."""

from typing import NamedTuple

import numpy as np
import pytest
from numba.core.errors import TypingError

import fastsoftq as fsq
from fastsoftq.agents import rules
from tests.agents.homemade import Clipped, Mean
from tests.engine.running import bits, train

CLIFF = fsq.cliff_walking()


@pytest.mark.parametrize(
    "agent",
    [
        Mean(0.5, 0.9, 0.3),
        Mean(fsq.PowerDecay(1.0, 0.1, 0.5), 0.9, fsq.LinearDecay(0.9, 0.1, 0.05), 2.0),
        Clipped(0.5, -20.0, 0.2),
    ],
    ids=["mean", "mean, schedules", "clipped"],
)
def test_ones_own_agent_trains_in_both_engines_with_the_same_bits(agent):
    one_by_one, lanes = (train(n, CLIFF, agent, seeds=40, episodes=15, max_steps=60) for n in (0, 64))
    assert bits(one_by_one) == bits(lanes)
    assert np.abs(lanes.final_q).max() > 1


def test_their_rules_are_what_is_followed():
    floored = fsq.train(CLIFF, Clipped(0.5, -20.0, 0.2), 20, 50, 200, keep_q=True).final_q
    assert floored.min() == -20.0
    learned = fsq.train(CLIFF, Mean(1.0, 0.5, 1.0), 20, 400, 200, keep_q=True).final_q
    uniform = fsq.evaluate_policy(CLIFF, np.full((48, 4), 0.25), discount=0.5)
    np.testing.assert_allclose(learned[:, 0], np.tile(uniform.q[0], (20, 1)), rtol=1e-6)


class Incomplete(NamedTuple):
    step_size: float
    discount: float


@rules.rule(rules.summarise, Incomplete)
def _(agent, row, like):
    return row[0]


@rules.rule(rules.act, Incomplete)
def _(agent, row, summary, draw):
    return np.int32(0)


@pytest.mark.parametrize("runs", [1, 64])
def test_a_missing_rule_is_named(runs):
    with pytest.raises(TypingError, match="Incomplete has no rule 'bootstrap'"):
        fsq.train(CLIFF, Incomplete(0.5, 0.9), runs, 1)


def constant(value):
    """An agent that bootstraps on a rule of its own, whatever others of the same name do."""

    class Constant(NamedTuple):
        step_size: float = 1.0
        discount: float = 1.0
        reward_scale: float = 1.0

    rules.rule(rules.summarise, Constant)(lambda agent, row, like: row[0])
    rules.rule(rules.act, Constant)(lambda agent, row, summary, draw: np.int32(0))
    if value == 7:
        rules.rule(rules.bootstrap, Constant)(lambda agent, row, summary, action: 7.0)
    else:
        rules.rule(rules.bootstrap, Constant)(lambda agent, row, summary, action: 8.0)
    return Constant()


def test_two_agents_of_one_name_follow_rules_of_their_own():
    """From the disk either would get the code of the first: nothing that can be written there tells them apart."""
    mdp = fsq.TabularMDP(next_state=[[0]], reward=[[0.0]], terminated=[[False]])
    learned = [fsq.train(mdp, constant(n), 1, 1, 1, keep_q=True).final_q.item() for n in (7, 8, 7)]
    assert learned == [7.0, 8.0, 7.0]


def test_what_is_not_a_rule_or_not_an_agent_is_refused():
    with pytest.raises(TypeError, match="it must be one of the rules act, acts_upon, adapted, backed_up"):
        rules.rule(len, Incomplete)
    with pytest.raises(TypeError, match=r"agents includes <class 'int'>; an agent must be a typing.NamedTuple class"):
        rules.rule(rules.act, int)
    with pytest.raises(TypeError, match=r"agents includes QLearning\(.*; an agent must be"):
        rules.rule(rules.act, fsq.QLearning(0.5, 0.9))


def test_a_rule_that_prints_is_refused():
    """In a thread of its own it would wait for the interpreter for ever."""
    with pytest.raises(TypeError, match="'bootstrap' prints"):

        @rules.rule(rules.bootstrap, Incomplete)
        def _(agent, row, summary, action):
            print(summary)
            return summary
