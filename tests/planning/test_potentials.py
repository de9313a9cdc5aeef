"""Whether what can go on for ever gains, loses or does neither: told exactly, or not said to be proved."""

import doctest
import itertools
import math
import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq.planning import expected_rewards
from fastsoftq.planning.markov_chains import differences
from fastsoftq.planning.optimal import potentials
from tests.reference.total_reward import optimal

HARD = [fsq.value_iteration, fsq.policy_iteration]
solvers = pytest.mark.parametrize("solve", HARD)

# Numbers of few binary digits, which are what they are, and others, which are known to half a unit in the last place.
SHORT = [1e16, 1e13, 1e13 + 1.0, 3.0, 1.0, 0.5, 2.0**-30, 2.0**-60, 3.0 * 2.0**-80, 0.0]
LONG = [1e13 + 1 / 3, 0.1, 0.2, 0.3, 1e-3, 1e-19, 1e-25]


def signed(numbers):
    return st.builds(lambda size, sign: size * sign, st.sampled_from(numbers), st.sampled_from([1.0, -1.0]))


def ring(rewards, exits=None):
    """States round which one goes for these rewards; each may also end, for another."""
    size = len(rewards)
    after = [[(i + 1) % size] for i in range(size)]
    if exits is None:
        return fsq.TabularMDP(after, np.reshape(rewards, (size, 1)), [[False]] * size)
    return fsq.TabularMDP(
        [[a, a] for (a,) in after], np.column_stack([rewards, exits]), [[False, True]] * size, start=0
    )


def is_short(number):
    digits = abs(Fraction(number).numerator)
    return digits == 0 or (digits // (digits & -digits)).bit_length() <= 40


def sign_of_lap(rewards):
    """-1, 0 or 1 by the rule that the notes state; None on the border."""
    long = [x for x in rewards if not is_short(x)]
    total = abs(sum(map(Fraction, rewards)))
    if total > sum(Fraction(2.0**-53) * abs(Fraction(x)) for x in long):  # a unit is at most this far from the number
        return 1 if sum(map(Fraction, rewards)) > 0 else -1
    return 0 if total <= sum(Fraction(float(np.spacing(abs(x)))) / 2 for x in long) else None


def worth_in_ring(rewards, exits):
    """The values, in fractions."""
    size, sign = len(rewards), sign_of_lap(rewards)
    if sign > 0:
        return [math.inf] * size
    found = []
    for state in range(size):
        totals = [Fraction(0)]
        for step in range(size):
            totals.append(totals[-1] + Fraction(rewards[(state + step) % size]))
        ways = [] if exits is None else [t + Fraction(exits[(state + i) % size]) for i, t in enumerate(totals[:-1])]
        if sign == 0:
            ways.append(sum(totals[:-1]) / size)  # the running mean of what swings
        found.append(max(ways, default=-math.inf))
    return found


def check(solve, mdp, right, unsure=0):
    """A solution is right to within its bound, or nothing is proved; tell whether something is."""
    with warnings.catch_warnings():  # that the tolerance is not met may be said
        warnings.simplefilter("ignore")
        try:
            solution = solve(mdp, 1.0)
        except ValueError as error:
            if "a policy can gain for ever from state" not in str(error) or math.inf not in right:
                raise
            return True
    if solution.error_bound == math.inf:
        assert not solution.converged
        return False
    for found, worth in zip(solution.v.tolist(), right, strict=True):
        assert found == worth or abs(Fraction(found) - worth) <= Fraction(solution.error_bound) + unsure
    return True


@solvers
@pytest.mark.parametrize("large", [1e13, 1e16])
def test_a_lap_that_loses_or_gains_next_to_nothing(solve, large):
    for lost in (1e-19, 1e-25, 1e-300):
        assert solve(ring([large, -large, -lost]), 1.0).v.tolist() == [-math.inf] * 3
        with pytest.raises(ValueError, match="a policy can gain for ever from state 0"):
            solve(ring([large, -large, lost]), 1.0)
        for sign in (1.0, -1.0):
            worth = fsq.evaluate_policy(ring([large, sign * lost, -large]), np.ones((3, 1)))
            assert worth.v.tolist() == [sign * math.inf] * 3
    assert fsq.critical_reward_scale(ring([large, -large, -1e-19])) == 0.0
    assert fsq.critical_reward_scale(ring([large, -large, 1e-19])) == math.inf


@given(st.lists(signed(SHORT + LONG), min_size=1, max_size=6), st.booleans(), st.data())
@example([0.1, 0.2, -0.3], False, None)
@example([1e16, -1e16, 1e13, -1e13, -1e-3, 1e-3, -1e-25], False, None)
@example([1e16, -1e16, 1e13, -1e13, -0.5, 0.5, -1e-25], False, None)
def test_rings_are_told_as_the_notes_say(rewards, cancels, data):
    if cancels:
        rewards = [*rewards, *(-x for x in data.draw(st.permutations(rewards)))]
        rewards.insert(data.draw(st.integers(0, len(rewards))), data.draw(signed(SHORT + LONG)))
    exits = None if data is None or data.draw(st.booleans()) else [data.draw(signed(SHORT + LONG)) for _ in rewards]
    sign = sign_of_lap(rewards)
    assume(sign is not None)
    right, mdp = worth_in_ring(rewards, exits), ring(rewards, exits)
    unsure = sum(Fraction(float(np.spacing(abs(x)))) for x in rewards if not is_short(x))  # of what they are
    for solve in HARD:  # beside 1e16, a small loss may keep the values of exits from being proved
        assert check(solve, mdp, right, unsure) or exits is not None
    if exits is None:
        worth = fsq.evaluate_policy(mdp, np.ones((len(rewards), 1))).v
        np.testing.assert_allclose(worth, np.array(right, float), rtol=1e-14, atol=1e-14 * np.abs(rewards).max())


@st.composite
def small_worlds(draw, states, outcomes):
    """Of short rewards and chances; terms that cancel are frequent."""
    size = draw(st.integers(1, states))
    shape = (size, draw(st.integers(1, 2)), outcomes)
    few = st.sampled_from(draw(st.lists(st.sampled_from(SHORT), min_size=1, max_size=3)))
    reward = np.array(draw(st.lists(few, min_size=math.prod(shape), max_size=math.prod(shape)))).reshape(shape)
    kinds = draw(st.sampled_from([(-1, 1), (-1, 0, 1), (-1, -1, 1)]))
    signs = st.lists(st.sampled_from(kinds), min_size=reward.size, max_size=reward.size)
    following = draw(st.lists(st.integers(0, size - 1), min_size=reward.size, max_size=reward.size))
    over = draw(st.lists(st.sampled_from([False] * 7 + [True]), min_size=reward.size, max_size=reward.size))
    chance = {1: [[1.0]], 2: [[0.5, 0.5], [0.25, 0.75], [1.0, 0.0], [2.0**-12, 1.0 - 2.0**-12]]}[outcomes]
    chances = draw(
        st.lists(st.sampled_from(chance), min_size=reward.size // outcomes, max_size=reward.size // outcomes)
    )
    reward = reward * np.reshape(draw(signs), shape)
    try:
        return fsq.TabularMDP(
            np.reshape(following, shape),
            reward,
            np.reshape(over, shape),
            np.reshape(chances, shape),
            np.full(size, 1 / size),
        )
    except ValueError:  # a start is terminal
        assume(False)


@given(st.one_of(small_worlds(4, 1), small_worlds(3, 2)))
def test_small_worlds_are_those_of_the_best_of_all_policies(mdp):
    right = optimal(mdp, denominator=10**60)
    largest = max((abs(v) for v in right if math.isfinite(v)), default=0.0)
    for solve in HARD:
        assert check(solve, mdp, right, Fraction(1e-15 * largest))  # they are rounded


def best_walk(mdp):
    """The best of all deterministic policies, each followed in fractions; None on the border."""
    best = [-math.inf] * mdp.n_states
    for policy in itertools.product(range(mdp.n_actions), repeat=mdp.n_states):
        for start in range(mdp.n_states):
            state, met, paid, over = start, [], [], False
            while state not in met and not over:
                met.append(state)
                paid.append(float(mdp.reward[state, policy[state], 0]))
                over = bool(mdp.terminated[state, policy[state], 0])
                state = int(mdp.next_state[state, policy[state], 0])
            total = sum(map(Fraction, paid))
            if not over:
                lap = paid[met.index(state) :]
                sign = sign_of_lap(lap)
                if sign is None:
                    return None
                ahead = sum(map(Fraction, paid[: len(paid) - len(lap)]))
                swings = sum(Fraction(x) * (len(lap) - i) for i, x in enumerate(lap[:-1], 1)) / len(lap)
                total = ahead + swings if sign == 0 else sign * math.inf
            best[start] = max(best[start], total)
    return best


@given(st.data())
def test_ways_round_that_meet_are_told_as_the_notes_say(data):
    size, actions = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 2))
    count = size * actions
    few = signed(data.draw(st.lists(st.sampled_from(SHORT + LONG), min_size=1, max_size=3)))
    reward = data.draw(st.lists(few, min_size=count, max_size=count))
    after = data.draw(st.lists(st.integers(0, size - 1), min_size=count, max_size=count))
    over = data.draw(st.lists(st.sampled_from([False] * 7 + [True]), min_size=count, max_size=count))
    try:
        mdp = fsq.TabularMDP(*(np.reshape(x, (size, actions)) for x in (after, reward, over)), start=[1 / size] * size)
    except ValueError:  # a start is terminal
        assume(False)
    right = best_walk(mdp)
    assume(right is not None)
    unsure = size * sum(Fraction(float(np.spacing(abs(x)))) for x in reward if not is_short(x))
    for solve in HARD:
        check(solve, mdp, right, unsure)


def world(seed, scale):
    """A grid whose steps pay differences of heights, written to one decimal: no way round gains or loses."""
    rng = np.random.default_rng(seed)
    size = 6
    cell = np.arange(size * size).reshape(size, size)
    after = np.stack([np.roll(cell, shift, axis) for axis in (0, 1) for shift in (1, -1)], -1).reshape(-1, 4)
    height = rng.integers(-5, 6, size * size)
    steps = [[float(Fraction(int(height[t] - height[s]), scale)) for t in after[s]] for s in range(size * size)]
    return fsq.TabularMDP(after, steps, np.zeros(after.shape, bool)), height


@solvers
@pytest.mark.parametrize("scale", [1, 4, 10, 30])
def test_what_is_gained_uphill_is_lost_downhill(solve, scale):
    for seed in range(5):
        mdp, height = world(seed, scale)
        solution = solve(mdp, 1.0)
        # The best is to go to the highest place and to stay near it: at best, to and fro between the two highest.
        neighbours = max(height[s] + height[t] for s in range(height.size) for t in mdp.next_state[s, :, 0]) / 2
        np.testing.assert_allclose(solution.v, (neighbours - height) / scale, atol=1e-13)
        assert solution.converged


@solvers
def test_small_cycles_beside_long_numbers_lose_what_they_lose(solve):
    """States 0 and 1 go to and fro at a loss of 1e-6; a detour pays an amount that is known to 1e-3, and costs more."""
    detour = 1e13 + 0.1
    mdp = fsq.TabularMDP(
        [[1, 2], [0, 0], [0, 0]],
        [[1.0, detour], [-1.0 - 2.0**-20] * 2, [-2e13] * 2],
        [[False] * 2] * 3,
    )
    solution = solve(mdp, 1.0)
    assert solution.v.tolist() == [-math.inf] * 3
    assert solution.converged


@solvers
@pytest.mark.parametrize("more", [2.0**-60, -(2.0**-60), 0.0])
def test_outcomes_of_opposite_rewards_leave_what_they_leave(solve, more):
    """What is left lies within one outcome's average, or between two averages that no floating-point number is."""
    after, goes = np.zeros((1, 1, 3), int), np.zeros((1, 1, 3), bool)
    chance = [[[0.25, 0.5, 0.25]]]
    inside = fsq.TabularMDP(after, [[[1e13, more, -1e13]]], goes, chance)
    between = fsq.TabularMDP(
        [[[1, 1]], [[0, 0]]], [[[1e16, more]], [[-1e16, 0.0]]], np.zeros((2, 1, 2), bool), [[[0.5, 0.5]]] * 2
    )
    for mdp, worth in ((inside, [0.0]), (between, [2.5e15, -2.5e15])):
        right = worth if more == 0.0 else [math.copysign(math.inf, more)] * mdp.n_states
        assert check(solve, mdp, right)
        assert fsq.critical_reward_scale(mdp) == (math.inf if more >= 0.0 else 0.0)
    assert fsq.evaluate_policy(inside, [[1.0]]).v[0] == (math.copysign(math.inf, more) if more else 0.0)


@solvers
@pytest.mark.parametrize("size", [16, 60])
@pytest.mark.parametrize("more", [0.0, 2.0**-70, -(2.0**-70), 2.0**-200, -(2.0**-200)])
def test_a_fair_game_is_told_from_one_that_is_all_but_fair(solve, size, more):
    """A walk that comes everywhere equally often, for +1 or -1, and in one state for next to nothing."""
    state = np.arange(size)
    after = np.stack([(state + 1) % size, (state + 7) % size], -1)[:, None]
    reward = np.where(state % 2, 1.0, -1.0) * (state > 1) + more * (state == 0)
    mdp = fsq.TabularMDP(
        after,
        np.broadcast_to(reward[:, None, None], after.shape),
        np.zeros(after.shape, bool),
        np.broadcast_to([0.25, 0.75], after.shape),
    )
    # By the fundamental matrix, and 0 on average: the relative values that remain in the limit of the running mean.
    chain = 0.25 * np.roll(np.eye(size), 1, axis=1) + 0.75 * np.roll(np.eye(size), 7, axis=1)
    relative = np.linalg.solve(np.eye(size) - chain + 1.0 / size, reward)
    right = relative.tolist() if more == 0.0 else [math.copysign(math.inf, more)] * size
    proved = check(solve, mdp, right, Fraction(1e-12))
    assert proved or size > 24
    worth = fsq.evaluate_policy(mdp, np.ones((size, 1))).v
    if abs(more) > 1e-50:
        np.testing.assert_allclose(worth, right, atol=1e-12)


@pytest.mark.parametrize("module", [differences, expected_rewards, potentials])
def test_examples(module):
    assert doctest.testmod(module).failed == 0
