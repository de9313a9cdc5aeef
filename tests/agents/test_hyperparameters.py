"""Hyperparameters are checked by their names in the field, wherever an agent has them."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.agents import LEARNERS
from fastsoftq.agents.hyperparameters import checked


class Other(NamedTuple):
    step_size: Any = 0.5
    horizon: Any = 3
    inner: Any = fsq.QLearning(1, 1)


def test_numbers_become_floats_and_the_agent_stays_the_same():
    agent = checked(fsq.QLearning(step_size=1, discount=np.int64(0), epsilon=np.float32(0.5)))
    assert agent == fsq.QLearning(1.0, 0.0, 0.5, 1.0)
    assert {type(x) for x in agent} == {float}
    soft = checked(fsq.SoftQLearning(fsq.LinearDecay(1, 1, 0), 1, 2))
    assert soft == fsq.SoftQLearning(fsq.LinearDecay(1.0, 1.0, 0.0), 1.0, 2.0, 1.0, 0.0)
    assert {type(x) for x in soft.step_size} == {float}


def test_an_agent_of_ones_own_is_checked_by_the_names_it_shares_and_within():
    assert checked(Other()) == Other(0.5, 3.0, fsq.QLearning(1.0, 1.0))
    for agent, message in (
        (Other(step_size=0), r"Other.step_size is 0.0; it must lie in \(0, 1\]"),
        (Other(horizon=np.nan), "Other.horizon is nan; it must be finite"),
        (Other(inner=fsq.QLearning(1, 2)), r"QLearning.discount is 2.0; it must lie in \[0, 1\]"),
    ):
        with pytest.raises(ValueError, match=message):
            checked(agent)
    with pytest.raises(TypeError, match=r"Other\.horizon is 'long'; it must be a number"):
        checked(Other(horizon="long"))


@pytest.mark.parametrize("kind", [fsq.LinearDecay, fsq.PowerDecay])
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((1.5, 0.1, 0.1), r"QLearning.epsilon.start is 1.5; it must lie in \[0, 1\]"),
        ((0.9, -0.1, 0.1), r"QLearning.epsilon.stop is -0.1; it must lie in \[0, 1\]"),
        ((0.1, 0.9, 0.1), "QLearning.epsilon.stop is 0.9; a decay must not stop above its start, 0.1"),
        ((0.9, 0.1, -0.1), "QLearning.epsilon.{rate} is -0.1; it must be at least 0"),
        ((0.9, 0.1, np.nan), "QLearning.epsilon.{rate} is nan; it must be finite"),
    ],
)
def test_schedules_are_checked_at_both_ends(kind, values, message):
    with pytest.raises(ValueError, match=message.format(rate=kind._fields[2])):
        checked(fsq.QLearning(0.5, 0.9, kind(*values)))


@pytest.mark.parametrize("name", LEARNERS)
def test_every_learner_has_checked_defaults(name):
    agent = LEARNERS[name](step_size=0.5, discount=0.9)
    assert checked(agent) == agent
    assert agent.reward_scale == 1.0


@pytest.mark.parametrize(
    ("agent", "error", "message"),
    [
        (fsq.NStepSarsa(0.5, 0.9, n=0), ValueError, "NStepSarsa.n is 0; it must be"),
        (fsq.NStepTreeBackup(0.5, 0.9, n=2.5), TypeError, "NStepTreeBackup.n is 2.5; it must be"),
        (fsq.NStepSoftQLearning(0.5, 0.9, n=True), TypeError, "NStepSoftQLearning.n is True; it must be"),
        (fsq.QLambda(0.5, 0.9, trace_decay=1.5), ValueError, r"QLambda.trace_decay is 1.5; it must lie in \[0, 1\]"),
        (fsq.SarsaLambda(0.5, 0.9, replacing=1), TypeError, "SarsaLambda.replacing is 1; it must be"),
        (fsq.SoftQLambda(0.5, 0.9, temperature=0), ValueError, "SoftQLambda.temperature is 0.0; it must be"),
        (fsq.MellowmaxQLearning(0.5, 0.9, -1), ValueError, "MellowmaxQLearning.temperature is -1.0; it must be"),
        (fsq.DoubleSoftQLearning(0.0, 0.9), ValueError, "DoubleSoftQLearning.step_size is 0.0; it must lie"),
    ],
)
def test_agents_of_the_shelf_are_checked(agent, error, message):
    with pytest.raises(error, match=message):
        checked(agent)


def test_counts_and_flags_stay_what_they_are():
    assert type(checked(fsq.NStepSarsa(0.5, 0.9, np.int64(3))).n) is int
    assert checked(fsq.QLambda(0.5, 0.9, replacing=np.True_)).replacing is True


class SomebodysDecay(NamedTuple):
    start: float = 0.9
    stop: float = 0.1
    decrease: float = 0.01


class MoreDecay(fsq.LinearDecay):
    pass


@pytest.mark.parametrize(
    ("agent", "message"),
    [
        (fsq.QLearning(0.5, 0.9, SomebodysDecay()), r"QLearning.epsilon is SomebodysDecay\(.*; it must be a number"),
        (fsq.QLearning(0.5, 0.9, MoreDecay(0.9, 0.1, 0.1)), r"QLearning.epsilon is MoreDecay\(.*; it must be a number"),
        (fsq.QLearning(0.5, 0.9, fsq.LinearDecay), r"QLearning.epsilon is <class .*; it must be a number"),
        (fsq.QLearning(0.5, 0.9, fsq.Sarsa(0.5, 0.9)), r"QLearning.epsilon is Sarsa\(.*; it must be a number"),
        (fsq.NStepSarsa(0.5, 0.9, SomebodysDecay()), r"NStepSarsa.n is SomebodysDecay\(.*; it must be an integer"),
        (fsq.QLambda(0.5, 0.9, replacing=SomebodysDecay()), r"QLambda.replacing is Some.*; it must be True or False"),
        (fsq.Frozen(fsq.QLearning(SomebodysDecay(), 0.9)), r"QLearning.step_size is Some.*; it must be a number"),
        (Other(horizon=fsq.LinearDecay), "Other.horizon is <class .*; it must be a number"),
    ],
)
def test_other_named_tuples_are_no_numbers_and_no_schedules(agent, message):
    with pytest.raises(TypeError, match=message):
        checked(agent)
