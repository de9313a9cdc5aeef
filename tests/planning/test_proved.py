"""Exact answers are proved: against enumeration in fractions, linear programming and dense algebra."""

import math
import warnings
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import linprog

import fastsoftq as fsq
from fastsoftq.planning.iteration import _solution
from fastsoftq.planning.optimal import howard
from fastsoftq.planning.optimal.reduction import Solved
from tests.reference.total_reward import optimal
from tests.reference.total_reward import solve as solve_exactly

HARD = [fsq.value_iteration, fsq.policy_iteration]
solvers = pytest.mark.parametrize("solve", HARD)


def random_world(seed, largest=4):
    """Small worlds of every kind: chances to end or none, losses or both signs, shaped rewards, tenths."""
    rng = np.random.default_rng(seed)
    states, actions, outcomes = rng.integers(1, largest + 1), rng.integers(1, 4), rng.integers(1, 4)
    shape = (states, actions, outcomes)
    weight = rng.integers(0, 4, shape)
    weight[:, :, -1] += 1
    low, high = [(-2, 3), (-2, 1), (-1, 2), (-8, 3)][rng.integers(4)]
    reward = rng.integers(low, high, shape).astype(float)
    following = rng.integers(0, states, shape)
    if rng.random() < 0.3:
        worth = rng.integers(-3, 4, states)
        reward = (worth[following] - worth[:, None, None]) - (rng.random(shape) < 0.3).astype(float)
    if rng.random() < 0.3:
        reward = reward * np.where(rng.random(shape) < 0.5, 0.1, 1.0)
    terminated = rng.random(shape) < rng.choice([0.0, 0.1, 0.3])
    try:
        return fsq.TabularMDP(following, reward, terminated, weight / weight.sum(axis=2, keepdims=True))
    except ValueError:  # the start is terminal
        return random_world(seed + 1_000_000, largest)


def seen(mdp):
    """The states that the start can lead to."""
    found, new = set(), {int(s) for s in np.flatnonzero(mdp.start)}
    while new:
        found |= new
        outcomes = [o for s in new for a in range(mdp.n_actions) for o in mdp.outcomes(s, a)]
        new = {o.next_state for o in outcomes if not o.terminated} - found
    return sorted(found)


@pytest.mark.parametrize("block", range(6))
def test_undiscounted_values_are_those_of_the_best_of_all_policies(block):
    for seed in range(40 * block, 40 * block + 40):
        mdp = random_world(seed)
        right = np.array(optimal(mdp))
        here = seen(mdp)
        for solve in HARD:
            if (right[here] == np.inf).any():
                with pytest.raises(ValueError, match="a policy can gain for ever from state"):
                    solve(mdp, 1.0)
                continue
            solution = solve(mdp, 1.0)
            finite = np.isfinite(right)
            np.testing.assert_array_equal(solution.v[~finite], right[~finite], err_msg=str(seed))
            np.testing.assert_allclose(solution.v[finite], right[finite], rtol=1e-9, atol=1e-9, err_msg=str(seed))
            assert solution.converged
            there = [s for s in here if finite[s]]
            slack = 1e-14 * max(1.0, np.abs(right[there]).max(initial=0.0))  # of the comparison itself
            assert np.abs(solution.v[there] - right[there]).max(initial=0.0) <= solution.error_bound + slack
            worth = fsq.evaluate_policy(mdp, solution.policy).v[there]
            np.testing.assert_allclose(worth, right[there], atol=1e-8, err_msg=str(seed))


@pytest.mark.parametrize("discount", [0.3, 0.9, 0.999])
def test_discounted_values_are_those_of_a_linear_program(discount):
    for seed in range(40):
        mdp = random_world(seed, 8)
        going = np.where(mdp.terminated, 0.0, mdp.probability)
        ahead = np.zeros((mdp.n_states, mdp.n_actions, mdp.n_states))
        for index in np.ndindex(*going.shape):
            ahead[index[0], index[1], mdp.next_state[index]] += going[index]
        limits = discount * ahead.reshape(-1, mdp.n_states) - np.repeat(np.eye(mdp.n_states), mdp.n_actions, axis=0)
        found = linprog(np.ones(mdp.n_states), limits, -mdp.expected_reward.ravel(), bounds=(None, None))
        for solve in HARD:
            solution = solve(mdp, discount)
            np.testing.assert_allclose(solution.v, found.x, atol=1e-6)
            backed_up = (mdp.expected_reward + discount * ahead @ solution.v).max(axis=1)
            assert np.abs(backed_up - solution.v).max() / (1.0 - discount) < 1e-9  # Banach's bound, independently
            assert solution.error_bound < 1e-9
            dense = np.einsum("sa,sat->st", solution.policy, ahead)
            gains = (solution.policy * mdp.expected_reward).sum(axis=1)
            worth = np.linalg.solve(np.eye(mdp.n_states) - discount * dense, gains)
            np.testing.assert_allclose(worth, solution.v, atol=1e-9)


@pytest.mark.parametrize("discount", [0.5, 0.99, 0.9999])
def test_soft_values_are_within_their_bound(discount):
    for seed in range(60):
        mdp = random_world(seed, 6)
        rng = np.random.default_rng(seed)
        temperature, scale = 10.0 ** rng.integers(-3, 3), 10.0 ** rng.integers(-2, 3)
        solution = fsq.soft_value_iteration(mdp, discount, temperature=temperature, reward_scale=scale, tolerance=1e-6)
        assert solution.converged
        largest = max(1.0, np.abs(solution.v).max(), scale * mdp.largest_reward / (1.0 - discount))
        assert solution.error_bound <= 1e-13 * largest + 1e-14 * temperature / (1.0 - discount)
        follows = np.where(mdp.terminated, 0.0, solution.v[mdp.next_state])
        q = (mdp.probability * (scale * mdp.reward + discount * follows)).sum(axis=2)
        v = np.where(mdp.terminal, 0.0, temperature * np.logaddexp.reduce(q / temperature, axis=1))
        left = np.abs(v - solution.v).max()
        assert left <= 1e-14 * max(1.0, np.abs(q).max()) + 4e-15 * temperature


def world(next_state, reward, terminated, probability=None, start=0):
    return fsq.TabularMDP(next_state, reward, terminated, probability, start)


@solvers
@pytest.mark.parametrize(("chance", "elsewhere"), [(1e-3, 1e7), (1e-4, 1e6), (1e-6, 1e4), (1e-9, 1e12)])
def test_a_patient_policy_beats_a_quick_one_whatever_lies_elsewhere(solve, chance, elsewhere):
    mdp = world(
        [[[0, 0], [1, 1]], [[1, 1], [1, 1]], [[2, 2], [2, 2]]],
        [[[0.5, 0.0], [0.0, 0.0]], [[1.0, 0.0], [1.0, 0.0]], [[-elsewhere, 0.0], [-elsewhere, 0.0]]],
        [[[True, True], [False, False]], [[True, False], [True, False]], [[True, True], [True, True]]],
        [[[1.0, 0.0], [1.0, 0.0]], [[chance, 1.0 - chance]] * 2, [[1.0, 0.0], [1.0, 0.0]]],
    )
    solution = solve(mdp, 1.0)
    np.testing.assert_allclose(solution.v[:2], [1.0, 1.0], rtol=0.0, atol=1e-12)
    assert solution.policy[0].tolist() == [0.0, 1.0]
    assert solution.converged
    assert abs(solution.v[0] - 1.0) <= solution.error_bound


def corridor(elsewhere, steps=12):
    """Steps that cost 1, and a state that nobody reaches."""
    after = [[min(i + 1, steps), max(i - 1, 0)] for i in range(steps)] + [[steps] * 2, [steps + 1] * 2]
    reward = [[-1.0, -1.0]] * steps + [[0.0, 0.0], [-elsewhere] * 2]
    return world(after, reward, [[i >= steps - 1, i >= steps] for i in range(steps + 2)])


@solvers
@pytest.mark.parametrize("elsewhere", [1e10, 1e50, 1e100])
@pytest.mark.parametrize("discount", [0.95, 1.0])
def test_what_nobody_reaches_says_nothing_of_the_start(solve, elsewhere, discount):
    solution = solve(corridor(elsewhere), discount)
    assert solution.v[0] == pytest.approx(-sum(discount**t for t in range(12)), abs=1e-12)
    assert solution.error_bound < 1e-12


def test_soft_values_at_the_start_are_untouched_by_what_nobody_reaches():
    near, far = (fsq.soft_value_iteration(corridor(e), 0.95, reward_scale=10.0) for e in (1.0, 1e10))
    assert near.v[0] == pytest.approx(far.v[0], abs=1e-12)
    assert far.v[0] == pytest.approx(-91.9234431607, abs=1e-9)
    assert far.error_bound < 1e-11


@solvers
def test_undiscounted_values_where_one_can_stay_or_is_lost(solve):
    stays = world([[0, 0]], [[-1.0, 0.0]], [[False, False]])
    assert solve(stays, 1.0).v.tolist() == [0.0]
    halves = [[0.5, 0.5], [0.5, 0.5]]
    trap = world(
        [[[1, 0], [0, 0]], [[1, 1], [1, 1]]],
        [[-1.0, -1.0], [-1.0, -1.0]],
        [[[False, True], [False, True]], [[False, False], [False, False]]],
        [halves, [[1.0, 0.0], [1.0, 0.0]]],
    )
    solution = solve(trap, 1.0)
    assert solution.v == pytest.approx([-2.0, -math.inf])
    assert solution.converged
    waits = world([[0, 0]], [[0.0, -1.0]], [[False, True]])
    assert solve(waits, 1.0).v.tolist() == [0.0]
    for loss in (1.0, 1e-11, 1e-300):
        assert solve(world([[0]], [[-loss]], [[False]]), 1.0).v.tolist() == [-math.inf]


@solvers
def test_a_cycle_that_gains_nothing_is_worth_what_it_swings_about(solve):
    solution = solve(world([[1], [0]], [[1.0], [-1.0]], [[False], [False]]), 1.0)
    assert solution.v.tolist() == [0.5, -0.5]
    assert solve(world([[1, 0], [0, 1]], [[1.0, 0.0], [-1.0, 0.0]], [[False, True]] * 2), 1.0).v.tolist() == [1.0, 0.0]
    # 0.1 + 0.2 - 0.3 is above 0 in double precision, but by rounding only.
    tenths = world([[1], [2], [0]], [[0.1], [0.2], [-0.3]], [[False]] * 3)
    assert solve(tenths, 1.0).v == pytest.approx([0.4 / 3, 0.1 / 3, -0.5 / 3], abs=1e-15)
    for sign in (1.0, -1.0):
        uneven = world([[1, 0], [0, 0]], [[1.0, 0.0], [-1.0 + sign * 1e-12] * 2], [[False, True], [False, False]])
        if sign > 0:
            with pytest.raises(ValueError, match="gain for ever from state 0"):
                solve(uneven, 1.0)
        else:
            assert solve(uneven, 1.0).v.tolist() == [0.0, -1.0 - 1e-12]


@solvers
def test_the_better_of_two_ways_to_stay_is_taken(solve):
    # A cycle of +1, -1 between 0 and 1; each may also be stayed in for nothing.
    mdp = world([[1, 0], [0, 1]], [[1.0, 0.0], [-1.0, 0.0]], [[False, False]] * 2)
    solution = solve(mdp, 1.0)
    assert solution.v.tolist() == [1.0, 0.0]
    assert fsq.evaluate_policy(mdp, solution.policy).v.tolist() == [1.0, 0.0]


@solvers
def test_gains_that_nobody_reaches_are_infinite_and_not_refused(solve):
    solution = solve(world([[0, 0], [1, 0]], [[-1.0, -2.0], [1.0, 0.0]], [[True, True], [False, False]]), 1.0)
    assert solution.v.tolist() == [-1.0, math.inf]
    assert solution.converged


@solvers
@pytest.mark.parametrize("discount", [0.9, 0.9999, 0.999999, 1.0 - 1e-10])
@pytest.mark.parametrize("more", [9e-4, 9e-6, 1e-6, 1e-8, 1e-11])
def test_actions_that_differ_are_not_mixed(solve, discount, more):
    mdp = world([[0, 0]], [[1.0, 1.0 + more]], [[False, False]])
    solution = solve(mdp, discount)
    assert solution.v[0] == pytest.approx((1.0 + more) / (1.0 - discount), rel=1e-15)
    assert solution.policy.tolist() == [[0.0, 1.0]]


@solvers
def test_actions_that_differ_are_not_mixed_on_a_ring(solve):
    size, more = 7, 1e-7
    after = [[(i + 1) % size] * 2 for i in range(size)]
    reward = [[0.1 * i, 0.1 * i - more] for i in range(size)]
    solution = solve(world(after, reward, [[False, False]] * size), 0.999999)
    assert (solution.policy == [1.0, 0.0]).all()


@solvers
def test_equal_optima_share_evenly(solve):
    mdp = fsq.multi_goal(21)
    for discount in (0.95, 1.0):
        shares = solve(mdp, discount).policy[mdp.start > 0.0][0]
        assert shares.tolist() == [0.25] * 4
    # Two routes of four steps, by rewards whose sums round differently.
    after = [[1, 4], [2, 2], [3, 3], [3, 3], [5, 5], [3, 3]]
    reward = [[-0.1, -0.3], [-0.2, -0.2], [-0.3, -0.3], [0.0, 0.0], [-0.2, -0.2], [-0.1, -0.1]]
    over = [[False, False], [False, False], [True, True], [True, True], [False, False], [True, True]]
    assert solve(world(after, reward, over), 1.0).policy[0].tolist() == [0.5, 0.5]


def slippery_ring(size, chance):
    """Two steps, one each way, that slip into the other: each costs 1, for ever."""
    ahead, back = (np.arange(size) + 1) % size, (np.arange(size) - 1) % size
    after = np.stack([np.stack([ahead, back], 1), np.stack([back, ahead], 1)], 1)
    chances = np.broadcast_to([chance, 1.0 - chance], after.shape)
    return world(after, np.full(after.shape, -1.0), np.zeros(after.shape, bool), chances, start=size // 2)


@solvers
@pytest.mark.parametrize("chance", [0.6, 0.9, 0.95])
@pytest.mark.parametrize("discount", [0.9, 0.99, 0.995])
def test_values_are_proved_where_all_actions_are_equally_good(solve, chance, discount):
    right = -1 / (1 - Fraction(discount))
    for size in (3, 17, 200, 440, 460, 500, 520, 580):
        solution = solve(slippery_ring(size, chance), discount)
        assert solution.converged
        off = max(abs(Fraction(v) - right) for v in solution.v.tolist())
        assert off <= Fraction(solution.error_bound)
        assert solution.error_bound <= 1e-13 / (1.0 - discount)


@pytest.mark.parametrize("discount", [0.5, 0.9, 0.97])
def test_a_bound_that_is_the_same_everywhere_holds(discount, monkeypatch):
    """Of the first policies met, most of them not optimal, against plain sweeps."""
    monkeypatch.setattr(howard, "_followed_bound", lambda *_: None)
    far = 0
    for seed in range(100):
        mdp = random_world(seed, 8)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            solution = fsq.value_iteration(mdp, discount, max_iterations=1)
        v = np.zeros(mdp.n_states)
        for _ in range(round(40 / (1.0 - discount))):
            q = (mdp.probability * (mdp.reward + discount * np.where(mdp.terminated, 0.0, v[mdp.next_state]))).sum(
                axis=2
            )
            v = np.where(mdp.terminal, 0.0, q.max(axis=1))
        here = seen(mdp)
        off = np.abs(solution.v - v)[here].max()
        far += off > 1e-3
        assert off <= solution.error_bound + 1e-12 / (1.0 - discount)
        assert solution.error_bound < np.inf
    assert far >= 5


def test_soft_values_near_the_critical_scale():
    mdp = world([[0, 0, 0]], [[-1.0] * 3], [[False, False, True]])  # z = 2 e^-k z + e^-k
    for scale, tolerance in (
        (1.01 * math.log(2), 1e-3),
        (math.log(2) * (1 + 1e-4), 1e-6),
        (math.log(2) * 1.000001, 1e-8),
    ):
        solution = fsq.soft_value_iteration(mdp, 1.0, reward_scale=scale, tolerance=tolerance)
        right = -scale - math.log(-math.expm1(math.log(2) - scale))
        assert solution.v[0] == pytest.approx(right, rel=1e-9)
        assert abs(solution.v[0] - right) <= solution.error_bound + 1e-15 / (scale - math.log(2))
        assert solution.converged
    loops = world([[0, 0]], [[-1.0, -0.5]], [[False, False]])
    right = math.log(math.exp(-1.0) + math.exp(-0.5)) / (1.0 - 0.999)
    assert fsq.soft_value_iteration(loops, 0.999, tolerance=1e-4).v[0] == pytest.approx(right, rel=1e-13)


def test_soft_values_of_what_is_lost_for_ever():
    lost = world([[1, 0], [1, 1]], [[-1.0, -5.0], [-1.0, -1.0]], [[False, True], [False, False]])
    solution = fsq.soft_value_iteration(lost, 1.0, reward_scale=3.0)
    assert solution.v.tolist() == [-15.0, -math.inf]
    assert solution.policy.tolist() == [[0.0, 1.0], [0.5, 0.5]]


@solvers
def test_probabilities_that_do_not_quite_sum_to_one(solve):
    mdp = world([[[0, 0]]], [[-1.0]], [[False]], [[[0.5 + 9e-10, 0.5]]])
    discount = 1.0 - 1e-10
    assert solve(mdp, discount).v[0] == pytest.approx(-1.0 / (1.0 - discount), rel=1e-12)
    assert fsq.evaluate_policy(mdp, [[1.0]], discount).v[0] == pytest.approx(-1.0 / (1.0 - discount), rel=1e-12)
    twice = world([[0, 0]], [[-1.0, -1.0]], [[False, False]])
    unsound = [[0.5 + 9e-10, 0.5]]
    assert fsq.evaluate_policy(twice, unsound, discount).v[0] == pytest.approx(-1.0 / (1.0 - discount), rel=1e-12)


@solvers
@pytest.mark.parametrize("name", ["FrozenLake-v1", "FrozenLake8x8-v1", "Taxi-v4", "CliffWalking-v1"])
def test_gymnasiums_worlds_undiscounted(solve, name):
    pytest.importorskip("gymnasium")
    mdp = fsq.from_gymnasium(name)
    solution = solve(mdp, 1.0)
    assert solution.converged
    worth = fsq.evaluate_policy(mdp, solution.policy)
    assert worth.expected_return == pytest.approx(float(mdp.start @ solution.v), abs=1e-9)
    known = {"FrozenLake-v1": 14 / 17, "FrozenLake8x8-v1": 1.0, "CliffWalking-v1": -13.0}
    assert worth.expected_return == pytest.approx(known.get(name, worth.expected_return), abs=1e-9)


def garnet(states, ends):
    rng = np.random.default_rng(0)
    shape = (states, 4, 5)
    chance = rng.dirichlet(np.ones(5), shape[:2])
    return fsq.TabularMDP(rng.integers(0, states, shape), -rng.random(shape[:2]), rng.random(shape) < ends, chance)


def test_random_worlds_are_iterated_with_a_proof():
    mdp = garnet(4000, 1e-3)
    for discount in (0.99, 1.0):
        solution = fsq.value_iteration(mdp, discount)
        follows = np.where(mdp.terminated, 0.0, solution.v[mdp.next_state])
        q = (mdp.probability * (mdp.reward + discount * follows)).sum(axis=2)
        np.testing.assert_allclose(q.max(axis=1), solution.v, atol=1e-12)
        assert solution.converged
    soft = fsq.soft_value_iteration(mdp, 0.99)
    worth = fsq.evaluate_policy(mdp, soft.policy)
    stays = fsq.occupancy(mdp, soft.policy)
    assert stays.visits.sum() == pytest.approx(worth.expected_length, rel=1e-10)
    assert stays.endings.sum() == pytest.approx(1.0, abs=1e-10)
    assert worth.expected_return == pytest.approx((stays.visits[:, None] * soft.policy * mdp.expected_reward).sum())


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("discount", [0.95, 0.9999, 1.0])
def test_random_worlds_are_evaluated_without_a_warning(discount):
    mdp = garnet(2000, 0.01)
    worth = fsq.evaluate_policy(mdp, np.full((2000, 4), 0.25), discount)
    follows = (mdp.probability * ~mdp.terminated / 4.0).reshape(2000, -1)
    dense = np.zeros((2000, 2000))
    np.add.at(dense, (np.arange(2000)[:, None], mdp.next_state.reshape(2000, -1)), follows)
    right = np.linalg.solve(np.eye(2000) - discount * dense, mdp.expected_reward.mean(axis=1))
    np.testing.assert_allclose(worth.v, right, rtol=1e-11)


@pytest.mark.parametrize("chance", [1e-6, 1e-10, 1e-13])
def test_episodes_of_any_length_are_added_up_to_the_last_digit(chance):
    # A jumble of states of which one ends with a small chance; in fractions.
    size = 30
    after = np.stack([(np.arange(size) + 1) % size, (np.arange(size) * 7 + 3) % size], axis=-1)[:, None]
    probability = np.full((size, 1, 2), 0.5)
    probability[0, 0] = [chance, 1.0 - chance]
    ends = np.zeros((size, 1, 2), bool)
    ends[0, 0, 0] = True
    reward = np.random.default_rng(0).integers(-3, 4, (size, 1, 2)).astype(float)
    mdp = world(after, reward, ends, probability)
    system = [[Fraction(int(i == j)) for j in range(size)] for i in range(size)]
    right = []
    for state in range(size):
        shares = [Fraction(chance), 1 - Fraction(chance)] if state == 0 else [Fraction(1, 2)] * 2
        right.append([sum(p * int(r) for p, r in zip(shares, reward[state, 0], strict=True)), Fraction(1)])
        for p, following, over in zip(shares, after[state, 0], ends[state, 0], strict=True):
            if not over:
                system[state][following] -= p
    v, length = np.array([[float(x) for x in row] for row in solve_exactly(system, right)]).T
    policy = np.ones((size, 1))
    worth, stays = fsq.evaluate_policy(mdp, policy), fsq.occupancy(mdp, policy)
    np.testing.assert_allclose(worth.v, v, rtol=1e-13)
    assert worth.expected_length == pytest.approx(length[0], rel=1e-13)
    assert stays.visits.sum() == pytest.approx(length[0], rel=1e-13)
    assert stays.endings.sum() == pytest.approx(1.0, abs=1e-13)
    for solve in HARD:
        solution = solve(mdp, 1.0)
        assert np.abs(solution.v - v).max() <= solution.error_bound <= 1e-10 * np.abs(v).max()


def test_what_double_precision_cannot_solve_is_not_said_to_have_converged():
    # At values of 4e20 a loop that costs 62.5 cannot be told from one that costs nothing.
    mdp = fsq.TabularMDP(
        [[[3, 1], [0, 0]], [[0, 1], [3, 3]], [[3, 2], [3, 3]], [[2, 0], [1, 2]]],
        [[[-1e13, -1], [0, -1]], [[1, 1e13], [0, -1e13]], [[1, 1], [-1, 0]], [[-1e13, -1], [0, 1]]],
        [
            [[False, True], [False, False]],
            [[True, False], [True, False]],
            [[False, False], [False, True]],
            [[False, False], [False, False]],
        ],
        [
            [[0.8125, 0.1875], [0.375, 0.625]],
            [[2.0**-19, 1 - 2.0**-19], [0.625, 0.375]],
            [[0.0625, 0.9375], [0.375, 0.625]],
            [[0.625, 0.375], [0.5, 0.5]],
        ],
        start=2,
    )
    with pytest.warns(RuntimeWarning, match="values may be off by inf") as caught:
        solution = fsq.soft_value_iteration(mdp, 1.0, temperature=1e-3, reward_scale=100)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert not solution.converged
    assert solution.error_bound == np.inf
    # The best that can be done without entropy, which adds less than 1e-3 ln 2 a step to so much.
    np.testing.assert_allclose(solution.v, [100.0 * float(v) for v in optimal(mdp)], rtol=1e-12)


@pytest.mark.parametrize(("value", "bound"), [(np.nan, 0.0), (1.0, np.nan), (1.0, np.inf), (-np.inf, np.inf)])
def test_values_without_a_proof_have_not_converged(value, bound):
    table = np.ones((2, 1))
    found = Solved(np.array([0.0, value]), table, table, np.array([0.0, bound]), np.array([True, True]), 1)
    with pytest.warns(RuntimeWarning, match="values may be off by inf"):
        solution = _solution(found, 1e-10, 10)
    assert (solution.converged, solution.error_bound) == (False, np.inf)
    assert _solution(found._replace(seen=np.array([True, False])), 1e-10, 10).converged


@solvers
def test_rounding_feigns_no_gain_for_ever(solve):
    # States 0 to 2 go round at a loss of 1e-10 a step, or end; 3 loses 1e11 on the way there. All are solved together.
    small = -1e-11 * np.array(
        [
            [[39.591929341479115, 5.399642337321531, 26.913839499049533], [69.96679966498457, 2.59488, 66.1253728]],
            [[36.657143154089026, 58.43457573980399, 73.85096821354567], [25.75228676848, 58.57385, 27.6421752]],
            [[53.55629121533531, 51.27653672315205, 45.75515543104593], [17.78505350116012, 56.48260948, 87.690945]],
        ]
    )
    large = -1e10 * np.array([[[6.315791574803433, 8.796886949, 9.83076361], [6.5036901265, 3.8325335689, 5.60416294]]])
    mdp = fsq.TabularMDP(
        [[[2, 2, 2], [0, 0, 0]], [[1, 3, 1], [1, 2, 0]], [[2, 1, 2], [1, 0, 1]], [[3, 0, 0], [0, 0, 0]]],
        np.concatenate([small, large]),
        np.arange(24).reshape(4, 2, 3) == 1,
        [
            [[0.5625, 0.125, 0.3125], [0.4375, 0.1875, 0.375]],
            [[0.4375, 0.125, 0.4375], [0.5, 0.375, 0.125]],
            [[0.0625, 0.0625, 0.875], [0.5, 0.3125, 0.1875]],
            [[0.25, 0.1875, 0.5625], [2.0**-27, 1 - 2.0**-27, 0]],
        ],
        start=3,
    )
    solution = solve(mdp, 1.0)
    right = np.array([float(v) for v in optimal(mdp, denominator=10**40)])
    assert right.max() < 0.0
    assert solution.converged
    assert (np.abs(solution.v - right) <= solution.error_bound).all()
    np.testing.assert_allclose(solution.v, right, rtol=1e-6)


def swing(large, extra):
    """Two states that lead to each other, for `large` and its negative less `extra`; each may end for a cost."""
    back = -large - extra
    return fsq.TabularMDP(
        [[[1], [0]], [[0], [1]]], [[[large], [-1.0]], [[back], [-1.0 - large]]], [[[False], [True]]] * 2
    )


@solvers
@pytest.mark.parametrize("large", [1.0, 1e6, 3e13])
@pytest.mark.parametrize("grains", [4, 16, 1000])
def test_a_cycle_that_loses_little_beside_large_rewards_is_not_free(solve, large, grains):
    extra = grains * np.spacing(large)
    stay = fsq.TabularMDP([[[1]], [[0]]], [[[large]], [[-large - extra]]], [[[False]]] * 2)
    assert (solve(stay, 1.0).v == -np.inf).all()
    with warnings.catch_warnings():  # that it cannot be proved to 1e-10 may be said
        warnings.simplefilter("ignore")
        solution = solve(swing(large, extra), 1.0)
    right = np.array([max(-1.0, large - 1.0 - large), -1.0 - large])
    assert (np.abs(solution.v - right) <= solution.error_bound).all()
    assert not solution.converged or solution.error_bound <= 1e-10 * large
    with pytest.raises(ValueError, match="a policy can gain for ever from state"):
        solve(swing(large, -extra), 1.0)


@solvers
@pytest.mark.parametrize(("large", "lost"), [(1.0, 1e-17), (1.0, 1e-19), (0.5, 2.0**-60), (1e6, 1e-11), (1e13, 1e-4)])
def test_a_loss_beside_rewards_that_are_what_they_are_is_not_free(solve, large, lost):
    """Round and round for `large`, its negative and a loss; each state may end for a cost, the first for the least."""
    mdp = fsq.TabularMDP(
        [[[1], [0]], [[2], [1]], [[0], [2]]],
        [[[large], [-1.0]], [[-large], [-1.0 - large]], [[-lost], [-1.0]]],
        [[[False], [True]]] * 3,
    )
    right = np.array([-1, -1 - Fraction(large), -1], dtype=object)  # the loss of one lap aside, staying is -inf
    with warnings.catch_warnings():  # that it cannot be proved to the tolerance may be said
        warnings.simplefilter("ignore")
        solution = solve(mdp, 1.0)
    off = [abs(float(Fraction(v) - w)) for v, w in zip(solution.v.tolist(), right, strict=True)]
    assert max(off) <= min(solution.error_bound, 2.0 * lost + 1e-15 * large)
    assert not solution.converged or solution.error_bound <= 1e-10 * large


@solvers
def test_rewards_that_cancel_as_they_are_written_are_free(solve):
    for rewards in ([0.1, 0.2, -0.3], [0.7, 0.1, -0.8], [3 * 0.1, 1e-3, -0.301], [1e6 + 0.1, -1e6, -0.1]):
        mdp = fsq.TabularMDP([[[1]], [[2]], [[0]]], np.reshape(rewards, (3, 1, 1)), [[[False]]] * 3)
        solution = solve(mdp, 1.0)
        first, second, third = rewards
        right = [(2 * first + second) / 3, (2 * second + third) / 3, (2 * third + first) / 3]
        np.testing.assert_allclose(solution.v, right, atol=1e-15 * max(np.abs(rewards)))
