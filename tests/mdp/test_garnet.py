"""Garnets have the shape that they are asked for, are the same for a seed, and drawn as they should be."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare, kstest

import fastsoftq as fsq


@settings(max_examples=50)
@given(st.integers(1, 30), st.integers(1, 5), st.data())
def test_every_action_leads_to_states_of_its_own(states, actions, data):
    branching = data.draw(st.integers(1, states))
    mdp = fsq.garnet(states, actions, branching, seed=data.draw(st.integers(0, 2**63 - 1)))
    assert mdp.next_state.shape == (states, actions, branching)
    assert (np.diff(np.sort(mdp.next_state, axis=2), axis=2) > 0).all()
    assert np.allclose(mdp.probability.sum(axis=2), 1.0, rtol=0, atol=1e-15)
    assert ((mdp.reward >= 0.0) & (mdp.reward < 1.0)).all()
    assert not mdp.terminated.any()
    assert mdp.start[0] == 1.0


def test_sets_of_states_are_all_as_likely():
    mdp = fsq.garnet(5, 6000, 3, seed=4)
    sets = np.sort(mdp.next_state.reshape(-1, 3), axis=1) @ [25, 5, 1]
    _, found = np.unique(sets, return_counts=True)
    assert found.size == 10
    assert chisquare(found).pvalue > 1e-4


def test_probabilities_are_pieces_of_an_interval():
    """Each of three pieces is Beta(1, 2): at most x with probability 1 - (1 - x)^2."""
    pieces = fsq.garnet(50, 40, 3, seed=1).probability.reshape(-1, 3)
    for piece in pieces.T:
        assert kstest(piece, lambda x: 1 - (1 - x) ** 2).pvalue > 1e-4


def test_a_seed_is_a_world():
    """The same bits as ever, on every machine; other seeds, other worlds."""
    mdp = fsq.garnet(20, 3, 4, seed=7)
    body = mdp.next_state.astype("<i4").tobytes() + mdp.reward.tobytes() + mdp.probability.tobytes()
    assert hashlib.sha256(body).hexdigest()[:16] == "418f4a12c791bf59"
    assert (fsq.garnet(20, 3, 4, seed=8).next_state != mdp.next_state).any()


def test_its_values_are_those_of_a_slow_twin():
    mdp = fsq.garnet(12, 3, 2, seed=5)
    v = [0.0] * 12
    for _ in range(600):
        v = [max(sum(p * (r + 0.9 * v[n]) for p, n, r, _ in mdp.outcomes(s, a)) for a in range(3)) for s in range(12)]
    assert fsq.value_iteration(mdp, 0.9).v == pytest.approx(v, abs=1e-9)


def test_very_large_ones_are_refused_before_any_work():
    with pytest.raises(ValueError, match="states is 2000000000, actions 100 and branching 50; such a garnet needs"):
        fsq.garnet(2_000_000_000, 100, 50)
