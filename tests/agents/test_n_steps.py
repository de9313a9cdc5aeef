"""Agents that learn from returns of n steps: Sarsa, tree backup, soft Q-learning."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from tests.agents.solved import CERTAIN, DISCOUNT, FALLING, SLIPPERY, error, hard, uniform
from tests.agents.solved import soft as soft_values
from tests.engine.kinds import cooling, down
from tests.engine.running import bits, train
from tests.engine.twinned import Twinned, assert_twins
from tests.engine.worlds import DISCOUNTS, SCALES, SHARES, STEP_SIZES, TEMPERATURES
from tests.reference.n_steps import n_step_sarsa, n_step_soft_q_learning, n_step_tree_backup

STEPS = st.integers(1, 6) | st.just(40)
sarsa = st.builds(fsq.NStepSarsa, STEP_SIZES, DISCOUNTS, STEPS, SHARES, SCALES)
sarsa_falling = st.builds(fsq.NStepSarsa, down, DISCOUNTS, STEPS, down, SCALES)
tree = st.builds(fsq.NStepTreeBackup, STEP_SIZES, DISCOUNTS, STEPS, SHARES, SCALES)
tree_falling = st.builds(fsq.NStepTreeBackup, down, DISCOUNTS, STEPS, down, SCALES)
soft = st.builds(fsq.NStepSoftQLearning, STEP_SIZES, DISCOUNTS, STEPS, TEMPERATURES, SCALES, SHARES | st.just(0.0))
soft_cooling = st.builds(fsq.NStepSoftQLearning, STEP_SIZES, DISCOUNTS, STEPS, cooling, SCALES, SHARES)
KINDS = {
    "sarsa": Twinned(sarsa, n_step_sarsa, 4),
    "sarsa, schedules, slippery, many starts": Twinned(sarsa_falling, n_step_sarsa, 3, 2, True),
    "tree backup": Twinned(tree, n_step_tree_backup, 4),
    "tree backup, schedules, slippery, many starts": Twinned(tree_falling, n_step_tree_backup, 3, 2, True),
    "tree backup, twenty actions": Twinned(tree, n_step_tree_backup, 20, lanes=(0,)),
    "soft": Twinned(soft, n_step_soft_q_learning, 4, exact=False),
    "soft, cooling, slippery, many starts": Twinned(soft_cooling, n_step_soft_q_learning, 3, 2, True, exact=False),
    "soft, twenty actions": Twinned(soft, n_step_soft_q_learning, 20, exact=False, lanes=(0,)),
}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=15)
def test_training_is_the_textbooks(kind, data):
    assert_twins(KINDS[kind], data)


@pytest.mark.parametrize(
    ("several", "one"),
    [
        (fsq.NStepSarsa(0.5, 0.9, 1, 0.3, 2.0), fsq.Sarsa(0.5, 0.9, 0.3, 2.0)),
        (fsq.NStepTreeBackup(0.5, 0.9, 1, 0.3, 2.0), fsq.QLearning(0.5, 0.9, 0.3, 2.0)),
        (fsq.NStepSoftQLearning(0.5, 0.9, 1, 0.7, 2.0, 0.3), fsq.SoftQLearning(0.5, 0.9, 0.7, 2.0, 0.3)),
    ],
    ids=["sarsa", "tree backup", "soft"],
)
def test_one_step_is_the_one_step_agent(several, one):
    task = {"seeds": 20, "episodes": 20, "max_steps": 30}
    assert bits(train(0, SLIPPERY, several, **task)) == bits(train(0, SLIPPERY, one, **task))


@pytest.mark.parametrize("runs", [2, 20])
def test_more_steps_than_an_episode_has_are_the_whole_of_it(runs):
    whole, more = (fsq.train(CERTAIN, fsq.NStepSarsa(0.5, 0.9, n), runs, 20, 10, keep_q=True) for n in (10, 40))
    assert bits(whole) == bits(more)


def test_so_many_steps_take_no_memory():
    curves = fsq.train(CERTAIN, fsq.NStepSarsa(0.5, 0.9, 2**31 - 1), 2, 20, 10, keep_q=True)
    assert bits(curves) == bits(fsq.train(CERTAIN, fsq.NStepSarsa(0.5, 0.9, 10), 2, 20, 10, keep_q=True))


def test_tree_backup_finds_the_exact_values():
    agent = fsq.NStepTreeBackup(0.2, DISCOUNT, 3, 0.5)
    assert error(CERTAIN, agent, hard(CERTAIN), 20_000) < 1e-12
    assert error(SLIPPERY, agent._replace(step_size=FALLING), hard(SLIPPERY), 200_000) < 0.02


@pytest.mark.parametrize("mdp", [CERTAIN, SLIPPERY], ids=["certain", "slippery"])
def test_sarsa_finds_the_values_of_how_it_acts(mdp):
    assert error(mdp, fsq.NStepSarsa(FALLING, DISCOUNT, 3, 1.0), uniform(mdp), 200_000) < 0.04


@pytest.mark.parametrize("mdp", [CERTAIN, SLIPPERY], ids=["certain", "slippery"])
def test_soft_returns_lead_to_the_soft_values(mdp):
    """Warm, so that every action is taken often."""
    assert error(mdp, fsq.NStepSoftQLearning(FALLING, DISCOUNT, 3, 3.0), soft_values(mdp, 3.0), 100_000) < 0.08
