from fractions import Fraction

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.planning.cut_episodes import Meter, OverBudgetError, best_cut_return, cut_totals
from tests.reference.planning import roll_out

WORLDS = {
    "cliff": fsq.cliff_walking(height=3, width=4),
    "slippery": fsq.cliff_walking(height=3, width=4, slippery=True),
    "two starts": fsq.from_map("S.#G\n..S."),
    "endless": fsq.TabularMDP([[1, 0], [0, 1]], [[1.0, -0.5], [0.25, 2.0]], [[False, False], [False, False]]),
}


@pytest.mark.parametrize("mdp", WORLDS.values(), ids=WORLDS)
@pytest.mark.parametrize("max_steps", [1, 7, 60])
def test_totals_are_those_of_following_each_policy_step_by_step(mdp, max_steps):
    policies = np.random.default_rng(0).dirichlet(np.ones(mdp.n_actions), size=(3, mdp.n_states))
    returns, lengths = cut_totals(mdp, policies, max_steps)
    for place, policy in enumerate(policies):
        total, length, _ = roll_out(mdp, [policy] * max_steps)
        assert returns[place] == pytest.approx(total, rel=1e-12)
        assert lengths[place] == pytest.approx(length, rel=1e-12)


def test_many_policies_are_taken_some_at_a_time(monkeypatch):
    mdp = WORLDS["slippery"]
    policies = np.random.default_rng(1).dirichlet(np.ones(4), size=(7, mdp.n_states))
    whole = cut_totals(mdp, policies, 30)
    monkeypatch.setattr("fastsoftq.planning.cut_episodes._CELLS", 3 * mdp.n_states * 4)
    np.testing.assert_allclose(cut_totals(mdp, iter(policies), 30), whole, rtol=1e-14)
    assert cut_totals(mdp, [], 30)[0].shape == (0,)


def test_a_long_horizon_ends_when_nothing_goes_on_any_more():
    uniform = np.full((4, 4), 0.25)
    meter = Meter()
    meter.left = budget = 1e12
    returns, lengths = cut_totals(fsq.from_map("S..G"), [uniform], 10**9, meter)
    # A walk on four cells between a wall that throws back and the goal: the mean time is 4 k**2 - ... = 24 here.
    assert lengths[0] == pytest.approx(24.0, abs=1e-9)
    assert returns[0] == pytest.approx(-23.0, abs=1e-9)
    assert budget - meter.left < 1e8


@pytest.mark.parametrize("unit", [1e-15, 1e15])
def test_lengths_do_not_depend_on_how_large_rewards_are(unit):
    corridor = fsq.from_map("S..G")
    mdp = fsq.TabularMDP(corridor.next_state, unit * corridor.reward, corridor.terminated, start=corridor.start)
    returns, lengths = cut_totals(mdp, [np.full((4, 4), 0.25)], 10**9)
    assert lengths[0] == pytest.approx(24.0, abs=1e-9)
    assert returns[0] == pytest.approx(-23.0 * unit, rel=1e-12)


def best(mdp, state, left):
    """The best expected return of so many steps, in fractions, by trying every action."""
    if left == 0:
        return Fraction(0)
    return max(
        sum(
            Fraction(p).limit_denominator(1000) * (Fraction(r) + (0 if over else best(mdp, following, left - 1)))
            for p, following, r, over in mdp.outcomes(state, action)
        )
        for action in range(mdp.n_actions)
    )


@pytest.mark.parametrize("name", ["slippery", "two starts", "endless"])
@pytest.mark.parametrize("max_steps", [1, 2, 4])
def test_the_best_return_is_that_of_trying_everything(name, max_steps):
    mdp = WORLDS[name]
    starts = np.flatnonzero(mdp.start)
    expected = sum(Fraction(mdp.start[s]).limit_denominator(100) * best(mdp, int(s), max_steps) for s in starts)
    assert best_cut_return(mdp, max_steps) == pytest.approx(float(expected), rel=1e-12)


def test_the_best_return_of_many_steps_is_the_undiscounted_optimum_or_what_staying_gains():
    mdp = fsq.cliff_walking(slippery=True)
    optimum = fsq.value_iteration(mdp, discount=1.0)
    assert best_cut_return(mdp, 100_000) == pytest.approx(float(mdp.start @ optimum.v), rel=1e-9)
    assert best_cut_return(WORLDS["endless"], 1000) == pytest.approx(1.0 + 2.0 * 999)


def corridor_beside(far, step=-1.0):
    """Four cells to walk, the last step to the end; from cell 5, which nobody reaches, the end pays `far`."""
    return fsq.TabularMDP(
        next_state=[[0, 1], [0, 2], [1, 3], [2, 4], [4, 4], [4, 4]],
        reward=[[step, step]] * 4 + [[0.0, 0.0], [far, far]],
        terminated=[[False, False]] * 3 + [[False, True], [True, True], [True, True]],
    )


@pytest.mark.parametrize(("far", "step"), [(1e20, -1.0), (-1e20, -1.0), (0.0, -1e-15), (0.0, -1e20)])
def test_the_best_return_is_known_however_large_others_or_small_its_own_rewards_are(far, step):
    for max_steps in (2, 4, 100_000):
        best_of_all = best_cut_return(corridor_beside(far, step), max_steps)
        assert best_of_all == pytest.approx(min(max_steps, 4) * step, rel=1e-12, abs=0.0)


def test_what_costs_too_much_is_given_up():
    mdp = WORLDS["endless"]
    with pytest.raises(OverBudgetError):
        cut_totals(mdp, [np.full((2, 2), 0.5)], 1000, Meter(1e4))
    with pytest.raises(OverBudgetError):
        best_cut_return(mdp, 1000, Meter(1e4))
    with pytest.raises(ValueError, match="max_steps is 0"):
        best_cut_return(mdp, 0)
