"""The frozen lake is Gymnasium's table, and its values those of the literature."""

import gymnasium
import pytest
from gymnasium.envs.toy_text.frozen_lake import generate_random_map
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq

OPTIONS = [
    {},
    {"map_name": "8x8"},
    {"is_slippery": False},
    {"map_name": "8x8", "is_slippery": False},
    {"success_rate": 0.75},
    {"success_rate": 1.0},
    {"reward_schedule": (10, -5, -1)},
    {"desc": ["SFS", "FHF", "GFF", "HHG"], "success_rate": 0.2},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_it_is_gymnasiums_table(options):
    theirs = gymnasium.make("FrozenLake-v1", **options).unwrapped
    ours = fsq.frozen_lake(**options)
    assert ours.n_states == theirs.observation_space.n
    assert ours.start.tolist() == theirs.initial_state_distrib.tolist()
    for state in range(ours.n_states):
        for action in range(4):
            wanted = [(p, int(n), float(r), bool(t)) for p, n, r, t in theirs.P[state][action] if p > 0]
            assert ours.outcomes(state, action) == wanted


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 12), st.sampled_from([0.5, 0.6, 0.8, 1.0]), st.integers(0, 10_000))
def test_a_random_lake_is_gymnasiums(size, frozen, seed):
    assert fsq.frozen_lake(size=size, frozen=frozen, seed=seed).map == tuple(generate_random_map(size, frozen, seed))


def test_values_are_the_literatures():
    """Undiscounted 14/17, of which 100 steps leave 0.74; on the large lake 1."""
    mdp = fsq.frozen_lake()
    solution = fsq.value_iteration(mdp, 1.0)
    assert solution.v[0] == pytest.approx(14 / 17, abs=1e-12)
    steady = fsq.value_iteration(mdp, 0.99).policy
    assert round(fsq.evaluate_policy(mdp, steady, horizon=100).expected_return, 2) == 0.74
    assert fsq.value_iteration(fsq.frozen_lake("8x8"), 1.0).v[0] == pytest.approx(1.0, abs=1e-9)


def test_no_way_is_refused():
    with pytest.raises(ValueError, match=r"frozen is 0\.01; of 1000 such lakes none has a way"):
        fsq.frozen_lake(size=12, frozen=0.01)
