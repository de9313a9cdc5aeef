"""One parameter of behaviour: enumerated likelihoods, closed forms, and intervals that cover what they should."""

import doctest
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

import fastsoftq as fsq
from fastsoftq.planning.bellman import log_soft_policy, matrices, soft_policy
from fastsoftq.planning.inverse_rl import behaviour
from fastsoftq.planning.inverse_rl.soft_behaviour import soft_fixed_point
from tests.planning.strategies import mdps, policies
from tests.reference import planning as slow

ROOM = fsq.from_map(["S..", ".#.", "..G"])


def demonstrations(mdp, policy, size, seed, horizon=300):
    return fsq.Demonstrations.of(fsq.sample_trajectories(mdp, policy, size, horizon=horizon, rng=seed))


@given(st.data())
def test_likelihood_of_every_trajectory(data):
    """The probability of the actions, times that of the dynamics, adds up to one over all trajectories."""
    mdp = data.draw(mdps(max_states=3, max_actions=2, max_outcomes=2))
    policy = data.draw(policies(mdp))
    whole = 0.0
    for path, (p, _) in slow.trajectories(mdp, 3).items():
        if all(not mdp.terminal[state] for state, *_ in path):
            seen = fsq.Demonstrations.of([[(state, action) for state, action, *_ in path]])
            whole += p * math.exp(fsq.log_likelihood(mdp, policy, seen))
        else:
            whole += p * math.prod(policy[state, action] for state, action, *_ in path)
    assert whole == pytest.approx(1.0, abs=1e-12)


@given(st.data(), st.sampled_from([0.0, 0.5, 0.99]))
def test_the_fixed_point_from_anywhere(data, discount):
    mdp = data.draw(mdps())
    v = data.draw(st.lists(st.floats(-50.0, 50.0), min_size=mdp.n_states, max_size=mdp.n_states))
    exact = fsq.soft_value_iteration(mdp, discount, reward_scale=2.0)
    found = soft_fixed_point(matrices(mdp, 2.0), discount, np.array(v))
    np.testing.assert_allclose(found, exact.v, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(np.exp(log_soft_policy(exact.q)), soft_policy(exact.q, 1.0), atol=1e-15)


def test_temperature_maximises_the_likelihood():
    seen = demonstrations(ROOM, fsq.soft_value_iteration(ROOM, 0.9, temperature=0.7).policy, 40, 1)
    fit = fsq.fit_temperature(ROOM, seen, 0.9)

    def loss(temperature):
        policy = fsq.soft_value_iteration(ROOM, 0.9, temperature=temperature).policy
        return -fsq.log_likelihood(ROOM, policy, seen)

    best = optimize.minimize_scalar(loss, bounds=(0.1, 5.0), method="bounded", options={"xatol": 1e-10})
    assert fit.estimate == pytest.approx(best.x, rel=1e-5)
    assert fit.log_likelihood == pytest.approx(-best.fun, abs=1e-9)
    for end in (fit.low, fit.high):  # 1.92 nats below: half the 95 % quantile of chi-squared
        assert 2.0 * (loss(end) - best.fun) == pytest.approx(3.841458821, abs=1e-5)
    np.testing.assert_allclose(
        fit.policy, fsq.soft_value_iteration(ROOM, 0.9, temperature=fit.estimate).policy, atol=1e-12
    )


def test_the_interval_of_temperature_covers():
    policy = fsq.soft_value_iteration(ROOM, 0.9, temperature=0.6).policy
    fits = [fsq.fit_temperature(ROOM, demonstrations(ROOM, policy, 12, seed), 0.9) for seed in range(60)]
    covered = sum(fit.low <= 0.6 <= fit.high for fit in fits)
    assert 51 <= covered <= 60  # binomial(60, 0.95): 99.9 %
    errors = np.log([fit.estimate / 0.6 for fit in fits])
    assert abs(errors.mean()) < 0.1


def test_only_the_best_is_temperature_zero():
    seen = fsq.Demonstrations.of([[(0, 1), (1, 1), (2, 2), (4, 2)]] * 5)
    fit = fsq.fit_temperature(ROOM, seen, 0.9)
    assert (fit.estimate, fit.low) == (0.0, 0.0)
    assert 0.0 < fit.high < 1.0
    rival = fsq.fit_epsilon_greedy(ROOM, seen, 0.9)
    assert (rival.estimate, rival.low) == (0.0, 0.0)
    assert rival.log_likelihood == pytest.approx(5.0 * math.log(0.5), abs=1e-9)  # two ways to begin
    assert fit.log_likelihood == pytest.approx(5.0 * math.log(0.5), abs=1e-6)


def test_no_temperature_may_be_too_high():
    wandering = fsq.soft_value_iteration(ROOM, 0.9, temperature=1e4).policy
    fit = fsq.fit_temperature(ROOM, demonstrations(ROOM, wandering, 40, 3), 0.9)
    assert fit.low > 1.0
    assert fit.high == math.inf
    # Taking any action at all is not that: a hot soft agent keeps away from the end, where no entropy is left.
    anything = demonstrations(ROOM, np.full((8, 4), 0.25), 200, 3)
    assert fsq.fit_epsilon_greedy(ROOM, anything, 0.9).high == 1.0
    assert fsq.fit_temperature(ROOM, anything, 0.9).high < 1.0


def test_epsilon_has_a_closed_form_where_nothing_ties():
    corridor = fsq.from_map("S....G")
    greedy = fsq.value_iteration(corridor, 0.9).policy
    seen = demonstrations(corridor, 0.6 * greedy + 0.1, 50, 7)
    wrong = np.sum(seen.action != 1) / seen.n_steps  # epsilon 3/4 in expectation
    fit = fsq.fit_epsilon_greedy(corridor, seen, 0.9)
    assert fit.estimate == pytest.approx(wrong * 4.0 / 3.0, abs=1e-6)
    assert fit.low < 0.4 < fit.high
    assert fit.log_likelihood == pytest.approx(fsq.log_likelihood(corridor, fit.policy, seen), abs=1e-9)
    assert fit.log_likelihood > fsq.fit_temperature(corridor, seen, 0.9).log_likelihood


def test_the_interval_of_epsilon_covers():
    policy = 0.8 * fsq.value_iteration(ROOM, 0.9).policy + 0.05
    fits = [fsq.fit_epsilon_greedy(ROOM, demonstrations(ROOM, policy, 40, seed), 0.9) for seed in range(60)]
    assert 51 <= sum(fit.low <= 0.2 <= fit.high for fit in fits) <= 60


def test_each_model_explains_its_own_demonstrator_best():
    soft = fsq.soft_value_iteration(ROOM, 0.9, temperature=0.5).policy
    greedy = 0.7 * fsq.value_iteration(ROOM, 0.9).policy + 0.075
    for policy, better in ((soft, fsq.fit_temperature), (greedy, fsq.fit_epsilon_greedy)):
        seen, unseen = (demonstrations(ROOM, policy, 300, seed) for seed in (1, 2))
        scores = {
            fit: fsq.log_likelihood(ROOM, fit(ROOM, seen, 0.9).policy, unseen)
            for fit in (fsq.fit_temperature, fsq.fit_epsilon_greedy)
        }
        assert max(scores, key=scores.get) is better


def bandit(*rewards):
    return fsq.TabularMDP([[0] * len(rewards)], [list(rewards)], [[True] * len(rewards)])


def pulls(*counts):
    return fsq.Demonstrations.of([[(0, action)] for action, count in enumerate(counts) for _ in range(count)])


# Differences that no double tells from 0 are not among them.
PAIRS = [(1.0, 1.0001), (0.0, 1.0), (1e-306, 1.0), (5e-324, 1.0), (0.0, 5e-324), (1e-320, 2e-320), (-1e100, 1e100)]
PAIRS += [(1.0, 1e100), (1.0 - 1e-12, 1.0), (1e15, 1e15 + 64.0), (-3e-200, -1e-200)]


@pytest.mark.parametrize(("worse", "better"), PAIRS)
@pytest.mark.parametrize("counts", [(269, 731), (3, 7), (1, 999)])
def test_two_arms_have_a_closed_form_at_every_magnitude(worse, better, counts):
    """Better arms are taken (better - worse) / T nats more often: T = difference / ln odds; and the interval's ends."""
    fit = fsq.fit_temperature(bandit(worse, better), pulls(*counts), 0.9)
    size = max(abs(worse), abs(better))
    difference = math.ldexp(better, -math.frexp(size)[1]) - math.ldexp(worse, -math.frexp(size)[1])
    back = math.frexp(size)[1]
    few, many = counts

    def drop(odds):
        return few * np.logaddexp(0.0, odds) + many * np.logaddexp(0.0, -odds)

    odds = math.log(many / few)
    expected = math.ldexp(difference / odds, back)
    assert fit.estimate == pytest.approx(expected, rel=1e-9, abs=5e-324)
    assert fit.log_likelihood == pytest.approx(-drop(odds), rel=1e-12)
    np.testing.assert_allclose(fit.policy[0], np.array(counts) / sum(counts), rtol=1e-8)
    far = optimize.brentq(lambda x: drop(x) - drop(odds) - 1.9207294103, odds, 700.0, xtol=1e-14)
    assert fit.low == pytest.approx(math.ldexp(difference / far, back), rel=1e-7, abs=5e-324)
    if drop(0.0) - drop(odds) < 1.92:
        assert fit.high == math.inf
    else:
        near = optimize.brentq(lambda x: drop(x) - drop(odds) - 1.9207294103, 0.0, odds, xtol=1e-14)
        assert fit.high == pytest.approx(math.ldexp(difference / near, back), rel=1e-7, abs=5e-324)


@pytest.mark.parametrize(("worse", "better"), PAIRS)
def test_the_ends_are_for_what_lies_there(worse, better):
    mdp = bandit(worse, better)
    assert fsq.fit_temperature(mdp, pulls(0, 7), 0.9).estimate == 0.0
    assert fsq.fit_temperature(mdp, pulls(0, 7), 0.9).log_likelihood == pytest.approx(0.0, abs=1e-12)
    for counts in ((7, 3), (5, 5), (7, 0)):
        fit = fsq.fit_temperature(mdp, pulls(*counts), 0.9)
        assert (fit.estimate, fit.high) == (math.inf, math.inf)
        assert 0.0 < fit.low < math.inf
        np.testing.assert_allclose(fit.policy, [[0.5, 0.5]])
    assert 0.0 < fsq.fit_temperature(mdp, pulls(1, 10**4), 0.9).estimate < math.inf


def test_a_cold_demonstrator_far_from_the_goal():
    corridor = fsq.from_map("S" + 58 * "." + "G", step_reward=0.0, goal_reward=1.0)
    truth = fsq.soft_value_iteration(corridor, 0.9, temperature=2e-4).policy
    seen = demonstrations(corridor, truth, 50, 0, horizon=2000)
    fit = fsq.fit_temperature(corridor, seen, 0.9)
    assert fit.low < 2e-4 < fit.high
    assert fit.log_likelihood >= fsq.log_likelihood(corridor, truth, seen)
    assert fit.log_likelihood == pytest.approx(fsq.log_likelihood(corridor, fit.policy, seen), rel=1e-9)


@pytest.mark.parametrize("power", [-900, -20, 0, 30, 330])
def test_the_unit_of_reward_is_that_of_temperature(power):
    seen = demonstrations(ROOM, fsq.soft_value_iteration(ROOM, 0.9, temperature=0.7).policy, 10, 1)
    plain = fsq.fit_temperature(ROOM, seen, 0.9)
    unit = 2.0**power
    scaled = fsq.TabularMDP(ROOM.next_state, ROOM.reward * unit, ROOM.terminated, ROOM.probability, ROOM.start)
    fit = fsq.fit_temperature(scaled, seen, 0.9)
    assert (fit.estimate / unit, fit.low / unit, fit.high / unit) == (plain.estimate, plain.low, plain.high)
    assert fit.log_likelihood == plain.log_likelihood


def test_what_is_never_seen_does_not_count():
    """Two arms, and a state that nothing leads to, where rewards are larger than doubles can add to those."""
    mdp = fsq.TabularMDP([[0, 0], [1, 1]], [[1e-200, 3e-200], [-1e100, 1e100]], [[True, True], [False, True]])
    fit = fsq.fit_temperature(mdp, pulls(3, 7), 0.9)
    assert fit.estimate == pytest.approx(2e-200 / math.log(7 / 3), rel=1e-9)
    np.testing.assert_allclose(fit.policy, [[0.3, 0.7], [0.0, 1.0]], atol=1e-9)


SEEN = fsq.Demonstrations.of([[(0, 1)]])


@pytest.mark.parametrize("fit", [fsq.fit_temperature, fsq.fit_epsilon_greedy])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"discount": 1.5}, "discount is 1.5; it must lie in"),
        ({"level": 1.0}, r"level is 1\.0; it must lie in \(0, 1\)"),
        ({"demonstrations": fsq.Demonstrations.of([[(70, 1)]])}, "step 0 of trajectory 0: state is 70; in map"),
    ],
)
def test_bad_input(fit, change, message):
    with pytest.raises(ValueError, match=message):
        fit(ROOM, **{"demonstrations": SEEN, "discount": 0.9, **change})


def test_bad_input_to_one_of_them():
    with pytest.raises(ValueError, match=r"discount is 1\.0; it must lie in \[0, 1\)"):
        fsq.fit_temperature(ROOM, SEEN, 1.0)
    with pytest.raises(ValueError, match="mdp has no reward other than 0"):
        fsq.fit_temperature(fsq.from_map("SG", step_reward=0.0), SEEN, 0.9)
    with pytest.raises(ValueError, match=r"policy has shape \(3, 8, 4\); it must be \[states, actions\]"):
        fsq.log_likelihood(ROOM, np.full((3, 8, 4), 0.25), SEEN)
    assert fsq.log_likelihood(ROOM, np.tile([1.0, 0.0, 0.0, 0.0], (8, 1)), SEEN) == -math.inf


def test_examples():
    assert doctest.testmod(behaviour).failed == 0
