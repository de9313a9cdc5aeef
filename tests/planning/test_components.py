"""Where one can stay, and where one can come to the end for certain: against all sets of states of small worlds."""

import itertools

import numpy as np
from hypothesis import given

from fastsoftq.planning.bellman import matrices
from fastsoftq.planning.optimal.choices import all_choices
from fastsoftq.planning.optimal.end_components import end_components, surely_ending
from tests.planning.strategies import mdps


def closed_in(choices, states):
    """The choices of some states that stay among them."""
    outside = np.ones(choices.n_states)
    outside[list(states)] = 0.0
    return [
        c
        for c in range(choices.state.size)
        if choices.state[c] in states and choices.ends[c] == 0.0 and choices.onward.expected(outside)[c] == 0.0
    ]


def connected(choices, states, kept):
    dense = choices.onward.toarray() > 0.0
    for origin in states:
        found, new = {origin}, {origin}
        while new:
            new = {int(t) for c in kept if choices.state[c] in new for t in np.flatnonzero(dense[c])} - found
            found |= new
        if not set(states) <= found or not any(choices.state[c] == origin for c in kept):
            return False
    return True


@given(mdps(max_states=4))
def test_end_components_are_the_largest_sets_that_hold(mdp):
    choices = all_choices(matrices(mdp), 1.0)
    holding = []
    for size in range(1, choices.n_states + 1):
        for states in itertools.combinations(range(choices.n_states), size):
            if connected(choices, states, closed_in(choices, states)):
                holding.append(set(states))
    largest = [s for s in holding if not any(s < other for other in holding)]
    component, inner = end_components(choices, np.ones(choices.state.size, bool))
    found = [set(np.flatnonzero(component == i).tolist()) for i in range(component.max() + 1)]
    assert sorted(map(sorted, found)) == sorted(map(sorted, largest))
    assert np.flatnonzero(inner).tolist() == sorted(c for states in largest for c in closed_in(choices, states))


@given(mdps(max_states=4, max_actions=2))
def test_one_comes_to_the_end_for_certain_where_some_policy_does(mdp):
    choices = all_choices(matrices(mdp), 1.0)
    states, kept = surely_ending(choices)
    options = [np.flatnonzero(choices.state == s) for s in range(choices.n_states)]
    right = np.zeros(choices.n_states, bool)
    for policy in itertools.product(*options):
        chain = choices.onward.toarray()[list(policy)]
        going = np.linalg.matrix_power(chain, 4096) @ np.ones(choices.n_states)
        right |= going < 1e-3
    assert states.tolist() == right.tolist()
    leads_out = choices.onward.expected((~right).astype(float)) > 0.0
    assert kept.tolist() == (right[choices.state] & ~leads_out).tolist()
