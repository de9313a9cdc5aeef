"""What is learned is what is known to be right, and to the bit what was learned before."""

import hashlib
import math

import numpy as np
import pytest

import fastsoftq as fsq
from tests.engine.running import train

CLIFF = fsq.cliff_walking()
DECAY = fsq.LinearDecay(0.9, 0.1, 0.001)


def standard_errors(per_run, exact):
    """How far the mean over runs is from the exact value, in standard errors."""
    return (per_run.mean() - exact) / (per_run.std(ddof=1) / math.sqrt(len(per_run)))


@pytest.mark.parametrize(
    ("reward_scale", "epsilon", "length"),
    [(2.0, 0.0, 33.535), (10.0, fsq.LinearDecay(1.0, 0.0, 0.005), 13.013)],
)
def test_soft_agents_behave_as_the_exact_soft_policy(reward_scale, epsilon, length):
    """At scale 10 an agent hardly explores, so it must have been made to."""
    agent = fsq.SoftQLearning(0.8, 0.95, 1.0, reward_scale, epsilon)
    curves = fsq.train(CLIFF, agent, 1000, 1000, 1000)
    assert abs(standard_errors(curves.lengths[:, -100:].mean(axis=1), length)) < 4
    assert abs(standard_errors(curves.returns[:, -100:].mean(axis=1), 1 - length)) < 4


def test_soft_at_scale_ten_comes_close_without_exploring():
    """From below: actions it has hardly tried still look better than they are."""
    curves = fsq.train(CLIFF, fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0), 1000, 1000, 1000)
    assert -12.05 < curves.returns[:, -100:].mean() < -12.013


def test_soft_below_the_critical_scale_wanders():
    with pytest.warns(UserWarning, match="critical reward scale"):
        curves = fsq.train(CLIFF, fsq.SoftQLearning(0.8, 0.95), 64, 50, 1000)
    assert curves.truncated.mean() > 0.98
    assert (curves.lengths[curves.truncated] == 1000).all()


def test_hard_agents_fall_while_exploring_and_know_the_shortest_way():
    curves = fsq.train(CLIFF, fsq.QLearning(0.8, 0.95, DECAY), 1000, 1000, 1000, keep_q=True)
    assert -50.5 < curves.returns[:, -100:].mean() < -48.0
    greedy = fsq.train(CLIFF, fsq.Frozen(fsq.QLearning(0.8, 0.95, 0.0)), 1000, 1, 1000, initial_q=curves.final_q)
    assert (greedy.returns == -12).all()
    assert (greedy.lengths == 13).all()


def test_the_same_seed_gives_hard_and_soft_the_same_stream():
    """With every action chosen at random, what an agent learns does not show."""
    agents = [fsq.QLearning(0.5, 0.9, 1.0), fsq.SoftQLearning(0.5, 0.9, 1.0, 10.0, 1.0), fsq.Sarsa(0.5, 0.9, 1.0)]
    curves = [fsq.train(CLIFF, agent, 20, 5, 500) for agent in agents]
    assert curves[0].returns.tobytes() == curves[1].returns.tobytes() == curves[2].returns.tobytes()


def test_mixed_precision_learns_the_same():
    agent = fsq.SoftQLearning(0.8, 0.95, reward_scale=2.0)
    double, mixed = (
        fsq.train(CLIFF, agent, 500, 300, 500, precision=precision, keep_q=True) for precision in ("double", "mixed")
    )
    # hardly ever does a draw fall between the two
    difference = np.abs(mixed.final_q - double.final_q).max(axis=(1, 2))
    assert np.quantile(difference, 0.9) < 1e-5
    assert difference.max() < 1e-3
    assert (double.final_q != mixed.final_q).any()
    for curves in (double, mixed):
        start_values = np.logaddexp.reduce(curves.final_q[:, 36], axis=1)
        assert start_values.mean() == pytest.approx(-12.753134, abs=0.05)


GOLDEN = {
    "hard": (fsq.QLearning(0.8, 0.95, DECAY), CLIFF, "double", "3a42031307e133e3"),
    "soft": (fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0, epsilon=DECAY), CLIFF, "double", "d8abc52ad001deb3"),
    "soft, mixed": (fsq.SoftQLearning(0.8, 0.95, reward_scale=2.0), CLIFF, "mixed", "e934f4c1bfd90909"),
    "hard, slippery": (fsq.QLearning(0.5, 0.95, DECAY), fsq.cliff_walking(slippery=True), "double", "5c52356d50fe3540"),
    "sarsa": (fsq.Sarsa(0.5, 0.95), CLIFF, "double", "f058368f62a12aa4"),
    "expected sarsa": (fsq.ExpectedSarsa(0.5, 0.95), CLIFF, "double", "217343b9e68f2335"),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_runs_are_these_on_every_machine(name):
    """The digest of returns and lengths of 20 runs; a change of it is a change of every published result."""
    agent, mdp, precision, digest = GOLDEN[name]
    curves = fsq.train(mdp, agent, 20, 50, 300, precision=precision)
    found = hashlib.sha256(curves.returns.astype("<f8").tobytes() + curves.lengths.astype("<i4").tobytes())
    assert found.hexdigest()[:16] == digest


# ---- where episodes end ----------------------------------------------------------------------------------------------

# State 0: stay (0) or go (1) to state 1; state 1 is as good as 10, since every step from it pays 10 and terminates.
TWO_ROOMS = fsq.TabularMDP(
    next_state=[[0, 1], [1, 1]], reward=[[-1.0, -1.0], [10.0, 10.0]], terminated=[[False, False], [True, True]], start=0
)
LEARNER = fsq.QLearning(step_size=1.0, discount=0.5, epsilon=1.0)


@pytest.mark.parametrize("lanes", [0, 64])
def test_an_episode_cut_short_still_bootstraps(lanes):
    initial_q = np.array([[0.0, 0.0], [10.0, 10.0]])
    curves = train(lanes, TWO_ROOMS, LEARNER, seeds=64, episodes=1, max_steps=1, initial_q=initial_q)
    assert (curves.lengths == 1).all()
    assert (curves.truncated).all()
    assert (curves.returns == -1).all()
    went = curves.final_q[:, 0, 1] != 0
    assert 10 < went.sum() < 54
    np.testing.assert_array_equal(curves.final_q[went, 0, 1], -1 + 0.5 * 10)
    np.testing.assert_array_equal(curves.final_q[~went, 0, 0], -1 + 0.5 * 0)


@pytest.mark.parametrize("lanes", [0, 64])
def test_an_episode_that_terminates_does_not_and_is_not_truncated_even_in_its_last_step(lanes):
    initial_q = np.array([[0.0, 8.0], [0.0, 0.0]])
    agent = LEARNER._replace(epsilon=0.0)
    curves = train(lanes, TWO_ROOMS, agent, seeds=64, episodes=1, max_steps=2, initial_q=initial_q)
    assert (curves.lengths == 2).all()
    assert (curves.returns == 9).all()
    assert not curves.truncated.any()
    assert (curves.final_q[:, 1].max(axis=1) == 10).all()  # and nothing of what a terminal step leads to


@pytest.mark.parametrize("lanes", [0, 64])
def test_one_state_and_one_action(lanes):
    mdp = fsq.TabularMDP(next_state=[[0]], reward=[[-1.0]], terminated=[[False]], start=0)
    for agent in (fsq.QLearning(0.5, 0.5), fsq.SoftQLearning(0.5, 0.5, 0.1)):
        curves = train(lanes, mdp, agent, seeds=3, episodes=4, max_steps=25)
        assert (curves.lengths == 25).all()
        assert (curves.returns == -25).all()
        assert curves.truncated.all()
        np.testing.assert_allclose(curves.final_q, -2.0, rtol=1e-10)  # -1 / (1 - discount)


def test_curves_say_what_they_are_of():
    agent = fsq.QLearning(step_size=1, discount=0.5)
    curves = fsq.train(TWO_ROOMS, agent, [7, 3], 4, 5, keep_q=True)
    assert (curves.n_seeds, curves.n_episodes, curves.steps) == (2, 4, curves.lengths.sum())
    assert curves.seeds.tolist() == [7, 3]
    assert curves.returns.shape == curves.lengths.shape == curves.truncated.shape == (2, 4)
    assert [x.dtype for x in (curves.returns, curves.lengths, curves.truncated)] == [np.float64, np.int32, bool]
    assert curves.final_q.shape == (2, 2, 2)
    assert fsq.train(TWO_ROOMS, agent, 2, 1).final_q is None
    assert (curves.agent, curves.max_steps, curves.precision) == (agent, 5, "double")
    assert repr(curves) == f"<LearningCurves of {curves.agent} in mdp: 2 seeds, 4 episodes>"


def test_curves_become_a_dataset():
    pytest.importorskip("xarray")
    curves = fsq.train(TWO_ROOMS, LEARNER, [7, 3], 4, 5, keep_q=True)
    dataset = curves.to_xarray()
    assert dict(dataset.sizes) == {"seed": 2, "episode": 4, "state": 2, "action": 2}
    assert dataset.seed.values.tolist() == [7, 3]
    assert dataset.episode.values.tolist() == [1, 2, 3, 4]  # as figures count
    np.testing.assert_array_equal(dataset.returns.sel(seed=3), curves.returns[1])
    np.testing.assert_array_equal(dataset.final_q, curves.final_q)
    assert dataset.attrs["precision"] == "double"
