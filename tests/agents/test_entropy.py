"""Which agents are paid for entropy, by themselves and within others."""

import warnings

import pytest

import fastsoftq as fsq
from fastsoftq.agents.entropy import paid_entropy

TWO_EACH = {
    fsq.SoftQLearning: True, fsq.DoubleSoftQLearning: True, fsq.NStepSoftQLearning: True, fsq.SoftQLambda: True,
    fsq.DynaSoftQ: True, fsq.PathConsistency: True, fsq.MellowmaxQLearning: False, fsq.QLearning: False,
    fsq.DynaQ: False, fsq.DoubleQLearning: False,
}  # fmt: skip


@pytest.mark.parametrize("kind", TWO_EACH)
def test_it_counts_where_the_soft_value_is_learned(kind):
    scaled = {"temperature": 2.0} if "temperature" in kind._fields else {}
    agent = kind(0.5, 0.9, reward_scale=5.0, **scaled)
    expected = 2.5 if TWO_EACH[kind] else None
    assert paid_entropy(agent) == expected
    assert paid_entropy(fsq.UpperConfidence(fsq.OptimisticStart(agent, 1.0), 1.0)) == expected
    assert paid_entropy(fsq.Frozen(agent)) is None


def test_an_actor_is_paid_at_a_temperature_above_0():
    assert paid_entropy(fsq.ActorCritic(0.5, 0.9, reward_scale=5.0)) is None
    assert paid_entropy(fsq.ActorCritic(0.5, 0.9, temperature=0.5, reward_scale=5.0)) == 10.0
    falling = fsq.LinearDecay(1.0, 0.0, 0.1)
    assert paid_entropy(fsq.ActorCritic(0.5, 0.9, temperature=falling)) is None


@pytest.mark.parametrize(
    "agent",
    [
        fsq.DynaSoftQ(0.5, 0.9),
        fsq.VisitStepSize(fsq.SoftQLearning(0.5, 0.9)),
        fsq.ActorCritic(0.1, 0.9, temperature=1.0),
    ],
)  # fmt: skip
def test_all_of_them_are_warned_below_the_critical_reward_scale(agent):
    world = fsq.cliff_walking(height=3, width=4)
    with pytest.warns(UserWarning, match="wander for ever"):
        fsq.train(world, agent, 2, 2, 50)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fsq.train(world, fsq.Frozen(agent), 2, 2, 50)


def test_a_reward_scale_within_another_is_checked_too():
    agent = fsq.CountBonus(fsq.DynaQ(0.5, 0.9, reward_scale=1e99), 1.0)
    with pytest.raises(ValueError, match=r"DynaQ.reward_scale is 1e\+99; times the largest reward"):
        fsq.train(fsq.cliff_walking(), agent, 2, 2)
