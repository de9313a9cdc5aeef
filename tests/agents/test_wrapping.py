"""Agents around another one: what they change, and that all else passes on."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq.agents.memory_rules import remembers
from fastsoftq.agents.rules import has_rule, learn
from tests.engine.kinds import cooling, down
from tests.engine.running import bits, train
from tests.engine.twinned import Twinned, assert_twins
from tests.engine.worlds import DISCOUNTS, SCALES, SHARES, STEP_SIZES, TEMPERATURES
from tests.reference.wrapping import wrapped

hard = st.builds(fsq.QLearning, STEP_SIZES, DISCOUNTS, SHARES, SCALES)
falling = st.builds(fsq.QLearning, down, DISCOUNTS, down, SCALES)
soft = st.builds(fsq.SoftQLearning, STEP_SIZES, DISCOUNTS, TEMPERATURES, SCALES, SHARES | st.just(0.0))
soft_cooling = st.builds(fsq.SoftQLearning, STEP_SIZES, DISCOUNTS, cooling, SCALES, SHARES)
AMOUNTS = st.sampled_from([0.0, 1.0]) | st.floats(0.0, 5.0)
by_visits = st.builds(fsq.VisitStepSize, hard, st.just(1.0))
KINDS = {
    "step sizes": Twinned(by_visits, wrapped, 4),
    "step sizes, a power, schedules, slippery": Twinned(
        st.builds(fsq.VisitStepSize, falling, st.floats(0, 1)), wrapped, 3, 2, exact=False
    ),
    "step sizes, soft, many starts": Twinned(
        st.builds(fsq.VisitStepSize, soft, st.floats(0, 1)), wrapped, 3, 1, True, exact=False
    ),
    "bonus": Twinned(st.builds(fsq.CountBonus, hard, AMOUNTS), wrapped, 4),
    "bonus, soft, cooling": Twinned(st.builds(fsq.CountBonus, soft_cooling, AMOUNTS), wrapped, 3, 2, exact=False),
    "bounds": Twinned(st.builds(fsq.UpperConfidence, hard, AMOUNTS), wrapped, 4),
    "bounds, schedules, slippery, many starts": Twinned(
        st.builds(fsq.UpperConfidence, falling, AMOUNTS), wrapped, 3, 2, True
    ),
    "bounds, soft": Twinned(st.builds(fsq.UpperConfidence, soft, AMOUNTS), wrapped, 4, exact=False),
    "optimism": Twinned(st.builds(fsq.OptimisticStart, hard, st.floats(-5, 5)), wrapped, 4),
    "all of them, twelve actions": Twinned(
        st.builds(
            fsq.OptimisticStart,
            st.builds(fsq.UpperConfidence, st.builds(fsq.CountBonus, by_visits, AMOUNTS), AMOUNTS),
            st.floats(-5, 5),
        ),
        wrapped, 12, lanes=(0,),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=15)
def test_training_is_the_textbooks(kind, data):
    assert_twins(KINDS[kind], data)


CLIFF = fsq.cliff_walking(height=3, width=5)
BANDIT = fsq.TabularMDP(
    next_state=np.zeros((1, 3, 2), int),
    reward=[[[0.0, 1.0]] * 3],
    terminated=np.ones((1, 3, 2), bool),
    probability=[[[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]]],
)
INNER = {
    "nothing beside": fsq.SoftQLearning(0.5, 0.9, reward_scale=2.0, epsilon=0.1),
    "beside entries": fsq.DoubleQLearning(0.5, 0.9, 0.2),
    "steps": fsq.NStepTreeBackup(0.5, 0.9, 3, 0.2),
    "own memory": fsq.DynaQ(0.5, 0.9, 2, epsilon=0.2),
}
TASK = {"seeds": 20, "episodes": 15, "max_steps": 40}


@pytest.mark.parametrize("inner", INNER)
def test_what_changes_nothing_yields_the_bits_of_the_agent_within(inner):
    agent = INNER[inner]
    plain = train(0, CLIFF, agent, **TASK)
    for around in (fsq.OptimisticStart(agent, 0.0), fsq.CountBonus(agent, 0.0)):
        for lanes in (0,) if inner == "own memory" else (0, 16):
            assert bits(train(lanes, CLIFF, around, **TASK)) == bits(plain)
    assert bits(train(0, CLIFF, fsq.VisitStepSize(agent._replace(step_size=0.3), 0.0), **TASK)) == bits(
        train(0, CLIFF, agent._replace(step_size=1.0), **TASK)
    )


@pytest.mark.parametrize("inner", ["nothing beside", "beside entries", "steps"])
def test_all_at_once_lanes_give_the_bits_of_one_run_at_a_time(inner):
    agent = fsq.VisitStepSize(fsq.UpperConfidence(fsq.CountBonus(INNER[inner], 0.5), 1.0), 0.8)
    world = fsq.cliff_walking(height=3, width=5, slippery=True)
    assert bits(train(16, world, agent, **TASK)) == bits(train(0, world, agent, **TASK))


def test_order_does_not_matter_to_those_that_do_not_meddle():
    inner = INNER["nothing beside"]
    one = fsq.VisitStepSize(fsq.CountBonus(inner, 0.5))
    other = fsq.CountBonus(fsq.VisitStepSize(inner), 0.5)
    assert bits(train(0, CLIFF, one, **TASK)) == bits(train(0, CLIFF, other, **TASK))


def test_a_step_size_of_one_over_the_visits_takes_means():
    agent = fsq.VisitStepSize(fsq.QLearning(step_size=1.0, discount=0.9, epsilon=1.0))
    curves = fsq.train(fsq.TabularMDP([[[0, 0]]], [[[0.0, 1.0]]], [[[True, True]]], [[[0.5, 0.5]]]), agent, 50, 101,
                       keep_q=True)  # fmt: skip
    np.testing.assert_allclose(curves.final_q.ravel(), curves.returns.mean(axis=1), rtol=1e-13)


def test_with_falling_step_sizes_a_stochastic_world_is_learned():
    """What a constant step size keeps swinging, a falling one settles."""
    world = fsq.cliff_walking(height=3, width=4, slippery=True)
    plain = fsq.QLearning(0.5, 0.7, epsilon=1.0)
    exact = fsq.value_iteration(world, 0.7)
    errors = {
        name: np.abs(fsq.train(world, agent, 8, 4000, 200, keep_q=True).final_q - exact.q)[:, :9].max(axis=(1, 2))
        for name, agent in (("constant", plain), ("falling", fsq.VisitStepSize(plain, 0.8)))
    }
    assert errors["constant"].min() > 10.0
    assert errors["falling"].max() < 4.0
    bonus = fsq.CountBonus(fsq.VisitStepSize(plain, 0.8), 2.0)
    learned = fsq.train(world, bonus, 8, 4000, 200, keep_q=True).final_q
    assert np.abs(learned - exact.q)[:, :9].max() < 6.0


def test_bounds_find_the_best_arm_and_try_others_ever_more_rarely():
    """Auer et al. 2002, theorem 1: a worse arm is pulled 8 ln n / gap**2 + 1 + pi**2 / 3 times at most, on average."""
    pulls, gaps = 4000, (0.7, 0.3)
    agent = fsq.UpperConfidence(fsq.VisitStepSize(fsq.QLearning(1.0, 0.9, epsilon=0.0)), math.sqrt(2.0))
    curves = fsq.train(BANDIT, agent, 200, pulls, keep_q=True)
    regret = 0.8 * pulls - curves.returns.sum(axis=1)
    assert regret.mean() < sum(8 * math.log(pulls) / gap + gap * (1 + math.pi**2 / 3) for gap in gaps)
    assert curves.returns[:, -500:].mean() > 0.75
    np.testing.assert_allclose(curves.final_q[:, 0, 2], 0.8, atol=0.05)


def test_bounds_try_what_was_never_tried_first():
    agent = fsq.UpperConfidence(fsq.QLearning(0.5, 0.9, epsilon=0.0), 0.0)
    world = fsq.TabularMDP([[0] * 5], [[1.0, 2.0, 3.0, 4.0, 5.0]], [[True] * 5])
    returns = fsq.train(world, agent, 50, 10).returns
    assert (np.sort(returns[:, :5]) == np.arange(1.0, 6.0)).all()
    assert (returns[:, 5:] == 5.0).all()


def test_optimism_tries_everything_where_the_plain_agent_stays():
    world = fsq.TabularMDP([[0] * 4], [[1.0, 2.0, 3.0, 4.0]], [[True] * 4])
    greedy = fsq.QLearning(1.0, 0.9, epsilon=0.0)
    assert (fsq.train(world, greedy, 50, 10).returns[:, 1:] != 4.0).any()
    assert (fsq.train(world, fsq.OptimisticStart(greedy, 10.0), 50, 10).returns[:, 4:] == 4.0).all()


def test_a_table_that_is_given_counts_and_optimism_does_not():
    table = np.random.default_rng(0).normal(size=(15, 4))
    agent = fsq.OptimisticStart(fsq.QLearning(0.5, 0.9), 10.0)
    with_both, plain = (fsq.train(CLIFF, a, 3, 5, 20, initial_q=table, keep_q=True) for a in (agent, agent.agent))
    assert bits(with_both) == bits(plain)


def test_the_outermost_optimism_counts():
    agent = fsq.OptimisticStart(fsq.VisitStepSize(fsq.OptimisticStart(fsq.QLearning(0.5, 0.9), 1.0)), 2.0)
    assert fsq.train(CLIFF, agent, 1, 1, 1, keep_q=True).final_q.max() == 2.0


@pytest.mark.parametrize(
    "agent",
    [*INNER.values(), fsq.UpperConfidence(INNER["beside entries"], 1.0), fsq.SarsaLambda(0.5, 0.9),
     fsq.ActorCritic(0.5, 0.9), fsq.PathConsistency(0.5, 0.9, reward_scale=10.0)],
)  # fmt: skip
def test_frozen_ones_never_learn_whatever_they_remember(agent):
    table = np.random.default_rng(0).normal(size=(15, 4))
    frozen = fsq.train(CLIFF, fsq.Frozen(agent), 20, 5, 30, initial_q=table, keep_q=True)
    np.testing.assert_array_equal(frozen.final_q, np.broadcast_to(table, (20, 15, 4)))
    first = [fsq.train(CLIFF, a, 20, 1, 1, initial_q=table).returns for a in (agent, fsq.Frozen(agent))]
    assert first[0].tolist() == first[1].tolist()


def test_rules_that_pass_on_are_nobodys_own():
    plain = fsq.QLearning(0.5, 0.9)
    assert not remembers(fsq.OptimisticStart(plain, 1.0))
    assert not has_rule(fsq.OptimisticStart, learn)
    for agent in (fsq.VisitStepSize(plain), fsq.OptimisticStart(fsq.CountBonus(plain, 1.0), 1.0)):
        assert remembers(agent)


@pytest.mark.parametrize(
    ("agent", "error", "message"),
    [
        (fsq.VisitStepSize(fsq.QLearning(0.5, 0.9), 1.5), ValueError, "VisitStepSize.power is 1.5; it must lie in"),
        (fsq.CountBonus(fsq.QLearning(0.5, 0.9), -1), ValueError, "CountBonus.bonus is -1.0; it must be at least 0"),
        (fsq.UpperConfidence(fsq.QLearning(0.5, 0.9), math.nan), ValueError, "UpperConfidence.confidence is nan"),
        (fsq.OptimisticStart(fsq.QLearning(0.5, 0.9), 1e200), ValueError, r"OptimisticStart.value is 1e\+200"),
        (fsq.OptimisticStart(fsq.QLearning(2, 0.9), 1.0), ValueError, "QLearning.step_size is 2.0"),
        (fsq.OptimisticStart(3.0, 1.0), TypeError, "OptimisticStart.agent is 3.0; it must be an agent"),
        (fsq.VisitStepSize(fsq.LinearDecay(0.5, 0.1, 0.1)), TypeError, "VisitStepSize.agent is of type LinearDecay"),
        (fsq.Frozen(None), TypeError, "Frozen.agent is None; it must be an agent"),
        (
            fsq.UpperConfidence(fsq.QLearning(0.5, 0.9), fsq.LinearDecay(1.0, 0.0, -0.1)),
            ValueError, "UpperConfidence.confidence.decrease is -0.1",
        ),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused_by_name(agent, error, message):
    with pytest.raises(error, match=message):
        fsq.train(CLIFF, agent, 2, 2)
