"""Diameter, value gap and effective horizon against slow twins, and figures of the literature."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq


def acted_in(mdp):
    """The states that a start leads to, and in which episodes go on."""
    seen, left = set(), list(np.flatnonzero(mdp.start))
    while left:
        state = int(left.pop())
        if state not in seen:
            seen.add(state)
            left += [o.next_state for a in range(mdp.n_actions) for o in mdp.outcomes(state, a) if not o.terminated]
    return sorted(state for state in seen if not mdp.terminal[state])


def slow_diameter(mdp, sweeps=20_000):
    """Sweeps of the least expected number of steps, for one target after the other."""
    here = acted_in(mdp)
    outcomes = {(s, a): mdp.outcomes(s, a) for s in here for a in range(mdp.n_actions)}
    longest = 0.0
    for target in here:
        steps = dict.fromkeys(here, 0.0)
        for _ in range(sweeps):
            before = dict(steps)
            again = sum(mdp.start[s] * steps[s] for s in here)
            for state in here:
                if state != target:
                    steps[state] = 1 + min(
                        sum(
                            p * (again if over or mdp.terminal[after] else steps[after])
                            for p, after, _, over in outcomes[state, action]
                        )
                        for action in range(mdp.n_actions)
                    )
            if max(abs(steps[s] - before[s]) for s in here) < 1e-12:
                break
            if max(steps.values()) > 2000:
                return math.inf
        longest = max(longest, *steps.values())
    return longest


def slow_values(mdp, discount, best, sweeps=300):
    """Value iteration, or with `best` the mean those of the uniform policy."""
    q = [[0.0] * mdp.n_actions for _ in range(mdp.n_states)]
    for _ in range(sweeps):
        q = backed_up(mdp, discount, q, best)
    return q


def backed_up(mdp, discount, q, best=max):
    return [
        [
            sum(
                o.probability * (o.reward + (0.0 if o.terminated else discount * best(q[o.next_state])))
                for o in mdp.outcomes(state, action)
            )
            for action in range(mdp.n_actions)
        ]
        for state in range(mdp.n_states)
    ]


def slow_horizon(mdp, discount):
    optimal = slow_values(mdp, discount, max)
    q = slow_values(mdp, discount, lambda row: sum(row) / len(row))
    for k in range(1, 1000):
        left, seen, good = [int(s) for s in np.flatnonzero(mdp.start)], set(), True
        while left and good:
            state = left.pop()
            if state in seen or mdp.terminal[state]:
                continue
            seen.add(state)
            for action in range(mdp.n_actions):
                if q[state][action] >= max(q[state]) - 1e-9:
                    good &= optimal[state][action] >= max(optimal[state]) - 1e-9
                    left += [o.next_state for o in mdp.outcomes(state, action) if not o.terminated]
        if good:
            return k
        q = backed_up(mdp, discount, q)
    raise AssertionError


SMALL = {
    "corridor": fsq.from_map("S...G", step_reward=-1.0),
    "cliff": fsq.cliff_walking(height=3, width=4),
    "slippery": fsq.cliff_walking(height=3, width=4, slippery=True),
    "swim": fsq.river_swim(5),
    "chain": fsq.chain(),
    "lake": fsq.frozen_lake(),
    "sea": fsq.deep_sea(4, stochastic=True, seed=2),
    "two starts": fsq.from_map(["S..G", "S.#."]),
}


@pytest.mark.parametrize("name", SMALL)
def test_the_diameter_is_the_twins(name):
    found = fsq.diameter(SMALL[name])
    assert found.exact
    assert found.low == pytest.approx(slow_diameter(SMALL[name]), rel=1e-8)


@settings(max_examples=10, deadline=None)
@given(st.integers(2, 6), st.integers(1, 3), st.integers(0, 1000))
def test_of_garnets_too(states, actions, seed):
    mdp = fsq.garnet(states, actions, 2, seed=seed)
    wanted = slow_diameter(mdp)
    found = fsq.diameter(mdp)
    assert found.low == found.high == pytest.approx(wanted, rel=1e-6) or (wanted == math.inf and found.low > 2000)


@settings(max_examples=10, deadline=None)
@given(st.integers(2, 6), st.integers(1, 3), st.integers(0, 1000))
def test_gaps_and_horizons_of_garnets_are_the_twins(states, actions, seed):
    mdp = fsq.garnet(states, actions, 2, seed=seed)
    q = slow_values(mdp, 0.8, max)
    gaps = [max(q[s]) - x for s in acted_in(mdp) for x in q[s]]
    assert fsq.value_gap(mdp, 0.8) == pytest.approx(min((g for g in gaps if g > 1e-8), default=math.inf), abs=1e-8)
    assert fsq.effective_horizon(mdp, 0.8) == slow_horizon(mdp, 0.8)


@pytest.mark.parametrize("name", SMALL)
def test_gap_and_horizon_are_the_twins(name):
    mdp = SMALL[name]
    q = slow_values(mdp, 0.9, max)
    gaps = [max(q[s]) - x for s in acted_in(mdp) for x in q[s]]
    smallest = min((g for g in gaps if g > 1e-9 * max(1.0, *(abs(max(row)) for row in q))), default=math.inf)
    assert fsq.value_gap(mdp, 0.9) == pytest.approx(smallest, rel=1e-6)
    assert fsq.effective_horizon(mdp, 0.9) == slow_horizon(mdp, 0.9)


def test_bounds_hold_where_not_all_states_are_targets():
    mdp = fsq.four_rooms()
    whole, part = fsq.diameter(mdp), fsq.diameter(mdp, most_targets=10)
    assert whole.exact
    assert not part.exact
    assert 0 < part.low <= whole.low + 1e-9
    assert part.high == math.inf


def test_large_deterministic_worlds_are_bounded_from_both_sides():
    """A corridor of 5000 cells: to the start from its neighbour is through the end, or one step."""
    found = fsq.diameter(fsq.from_map("S" + "." * 5000 + "G", step_reward=0.0))
    assert found.low == 5000
    assert found.low <= found.high <= 10_001


def test_a_state_that_is_never_reached_again_makes_it_infinite():
    mdp = fsq.TabularMDP(next_state=[[1], [1]], reward=[[0.0], [0.0]], terminated=[[False], [False]])
    assert fsq.diameter(mdp).low == math.inf


def test_equally_good_actions_have_no_gap():
    assert fsq.value_gap(fsq.chain(slip=0.5), 0.9) == math.inf


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fsq.diameter("cliff"), TypeError, "mdp is 'cliff'; it must be a TabularMDP"),
        (lambda: fsq.diameter(SMALL["chain"], most_targets=0), ValueError, "most_targets is 0; it must be at least 1"),
        (lambda: fsq.effective_horizon(SMALL["chain"], 1.0), ValueError, r"discount is 1\.0; it must lie in \[0, 1\)"),
        (lambda: fsq.value_gap(SMALL["chain"], 1.5), ValueError, r"discount is 1\.5; it must lie in \[0, 1\]"),
    ],
)
def test_bad_arguments_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
