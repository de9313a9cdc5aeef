"""Sweeps of very many states find what policy iteration finds, and prove it; here few states count as very many."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq.planning.bellman import matrices
from fastsoftq.planning.optimal import reduction
from fastsoftq.planning.optimal.choices import all_choices
from fastsoftq.planning.optimal.ordered_sweeps import swept_optimum


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch):
    monkeypatch.setattr(reduction, "_MANY", 2)


def by_equations(mdp, discount):
    return fsq.policy_iteration(mdp, discount)


WORLDS = {
    "cliff": fsq.cliff_walking(slippery=True),
    "goals": fsq.multi_goal(9),
    "sea": fsq.deep_sea(7, stochastic=True),
    "rooms": fsq.four_rooms(),
    "windy": fsq.windy_gridworld(stochastic=True),
    "garnet": fsq.garnet(60, 3, 3),
    "taxi": fsq.taxi(),
}


@pytest.mark.parametrize("discount", [0.5, 0.95, 1.0])
@pytest.mark.parametrize("name", WORLDS)
def test_values_and_policies_are_those_of_equations(name, discount):
    if name == "garnet" and discount == 1.0:
        return  # gains for ever
    mdp = WORLDS[name]
    swept, solved = fsq.value_iteration(mdp, discount), by_equations(mdp, discount)
    assert swept.converged
    error = swept.error_bound + solved.error_bound
    assert (np.abs(swept.v - solved.v) <= error + 1e-15).all()
    assert np.allclose(swept.policy, solved.policy)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 40), st.integers(1, 4), st.integers(0, 10_000), st.sampled_from([0.3, 0.9, 0.99]))
def test_the_bound_holds(states, actions, seed, discount):
    """Against the values of long double sweeps."""
    mdp = fsq.garnet(states, actions, 2, seed=seed)
    found = swept_optimum(all_choices(matrices(mdp), discount), np.ones(states, np.bool_))
    if found is None:
        return  # sweeps that settle too slowly are left to equations
    v = np.zeros(states, np.longdouble)
    for _ in range(int(50 / (1 - discount))):
        v = (mdp.probability * (mdp.reward + discount * v[mdp.next_state])).sum(axis=2).max(axis=1)
    assert (np.abs(found.v - v) <= found.bound + 1e-15).all()
    assert found.bound.max() < 1e-9


def test_garnets_are_found_by_sweeps_and_not_left_to_equations():
    mdp = fsq.garnet(2000, 4, 3)
    assert swept_optimum(all_choices(matrices(mdp), 0.99), np.ones(2000, np.bool_)) is not None
