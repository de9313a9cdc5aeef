"""A TabularMDP is what it was given, and refuses what is not one."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq.mdp.tabular import Outcome
from tests.planning.strategies import mdps

# Two states, two actions, two outcomes.
GOOD = {
    "next_state": [[[0, 1], [1, 1]], [[1, 1], [0, 1]]],
    "reward": [[[-1.0, 0.0], [2.0, 2.0]], [[1.0, 1.0], [0.5, 0.25]]],
    "terminated": [[[False, True], [False, False]], [[False, False], [True, False]]],
    "probability": [[[0.25, 0.75], [1.0, 0.0]], [[0.5, 0.5], [0.1, 0.9]]],
    "start": 0,
}


def changed(name, at, value):
    array = np.array(GOOD[name])
    array[at] = value
    return {name: array}


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        (changed("next_state", (1, 0, 1), 2), ValueError, r"next_state\[1, 0, 1\] is 2; with 2 states .* in 0..1"),
        (changed("next_state", (0, 1, 0), -1), ValueError, r"next_state\[0, 1, 0\] is -1; with 2 states .* in 0..1"),
        ({"next_state": np.zeros((2, 2, 2))}, TypeError, "next_state has dtype float64; it must hold integers"),
        ({"next_state": [0, 1]}, ValueError, r"next_state has shape \(2,\); it must be \[states, actions\] or"),
        ({"next_state": np.zeros((0, 2), int)}, ValueError, r"next_state has shape \(0, 2\).*none of them 0"),
        (changed("reward", (1, 1, 0), np.nan), ValueError, r"reward\[1, 1, 0\] is nan; rewards must be finite"),
        (changed("reward", (0, 0, 1), -np.inf), ValueError, r"reward\[0, 0, 1\] is -inf; rewards must be finite"),
        (
            changed("reward", (0, 0, 1), 1e200),
            ValueError,
            r"reward\[0, 0, 1\] is 1e\+200; .* within ±1e\+100",
        ),
        ({"reward": "much"}, TypeError, "reward has dtype <U4; it must hold numbers"),
        ({"reward": np.zeros((3, 2, 2))}, ValueError, r"reward has shape \(3, 2, 2\); it must fit .* \(2, 2, 2\)"),
        ({"terminated": np.zeros((2, 2, 2))}, TypeError, "terminated has dtype float64; it must hold bools"),
        ({"terminated": np.zeros((2, 3), bool)}, ValueError, r"terminated has shape \(2, 3\); .* = \(2, 2\) or"),
        ({"reward": np.zeros(3)}, ValueError, r"reward has shape \(3,\); it must fit \[states, actions\] = \(2, 2\)"),
        ({"probability": None}, ValueError, "probability is missing; an MDP with 2 outcomes per action needs it"),
        (changed("probability", (0, 0, 1), -0.75), ValueError, r"probability\[0, 0, 1\] is -0.75; .* at least 0"),
        (changed("probability", (0, 0, 1), np.nan), ValueError, r"probability\[0, 0, 1\] is nan; .* at least 0"),
        (changed("probability", (1, 0, 1), 0.4), ValueError, r"probability\[1, 0\] sums to 0.9; .* must sum to 1"),
        (changed("probability", (1, 0, 1), 0.500001), ValueError, r"probability\[1, 0\] sums to 1.000001; .* sum to 1"),
        ({"start": 2}, ValueError, "start is 2; with 2 states it must lie in 0..1"),
        ({"start": -1}, ValueError, "start is -1; with 2 states it must lie in 0..1"),
        ({"start": 0.0}, TypeError, "start is 0.0; it must be a state or a probability for each state"),
        ({"start": ["0", "1"]}, TypeError, "start has dtype <U1; it must hold probabilities"),
        ({"start": [1.0]}, ValueError, r"start has shape \(1,\); it must be a state or have shape \[states\] = \(2,\)"),
        ({"start": [0.5, 0.6]}, ValueError, "start sums to 1.1; probabilities must sum to 1"),
        ({"start": [1.5, -0.5]}, ValueError, r"start\[1\] is -0.5; probabilities must be at least 0"),
        ({"cells": [[0, 0]]}, ValueError, r"cells has shape \(1, 2\); it must be \[states, 2\] = \(2, 2\)"),
        ({"cells": [[0.0, 0.0], [0.0, 1.0]]}, TypeError, "cells has dtype float64; it must hold integers"),
    ],
)
def test_what_is_bad_is_named_with_its_value_and_what_is_allowed(changes, kind, message):
    with pytest.raises(kind, match=message):
        fsq.TabularMDP(**(GOOD | changes))


TERMINAL = {"next_state": [[1], [1]], "reward": [[-1.0], [0.0]], "terminated": [[True], [True]]}


@pytest.mark.parametrize("start", [1, [0.0, 1.0], [0.9, 0.1]])
def test_a_start_in_a_terminal_state_is_refused(start):
    with pytest.raises(ValueError, match="start includes state 1, which is terminal; start somewhere else"):
        fsq.TabularMDP(**TERMINAL, start=start)


def test_which_states_are_terminal():
    assert fsq.TabularMDP(**TERMINAL).terminal.tolist() == [False, True]
    assert fsq.TabularMDP(**(TERMINAL | {"reward": [[-1.0], [-1.0]]})).terminal.tolist() == [False, False]
    padded = fsq.TabularMDP(
        next_state=[[[1, 0]], [[1, 0]]],
        reward=[[-1.0], [0.0]],
        terminated=[[True], [True]],
        probability=[[[1.0, 0.0]], [[1.0, 0.0]]],
    )
    assert padded.terminal.tolist() == [False, True]


def test_a_state_that_is_entered_without_the_end_is_not_terminal():
    entered = {"next_state": [[1, 1], [1, 1]], "reward": [[-1.0, -1.0], [0.0, 0.0]]}
    mdp = fsq.TabularMDP(**entered, terminated=[[False, False], [True, True]])
    assert mdp.terminal.tolist() == [False, False]
    half = np.full((2, 2), 0.5)
    simulated = fsq.sample_trajectories(mdp, half, 3, horizon=9, rng=0).lengths
    assert simulated.tolist() == [2, 2, 2]
    assert fsq.evaluate_policy(mdp, half).expected_length == 2.0
    assert fsq.occupancy(mdp, half).endings.tolist() == [0.0, 1.0]
    soft = fsq.SoftQLearning(step_size=1.0, discount=0.9)
    learned = fsq.train(mdp, soft, seeds=1, episodes=200, max_steps=10, keep_q=True)
    assert learned.lengths.max() == 2
    right = fsq.soft_value_iteration(mdp, 0.9)
    np.testing.assert_allclose(right.q[0], -1.0 + 0.9 * np.log(2.0), rtol=1e-15)
    np.testing.assert_allclose(learned.final_q[0], right.q, rtol=1e-12)
    # By one action alone, or with a small probability: entered is entered. What cannot happen enters nothing.
    mixed = fsq.TabularMDP(**entered, terminated=[[False, True], [True, True]])
    assert mixed.terminal.tolist() == [False, False]
    padded = {"next_state": [[[1, 1]], [[1, 1]]], "reward": [[-1.0], [0.0]], "probability": [[[1.0, 0.0]]] * 2}
    assert fsq.TabularMDP(**padded, terminated=[[[True, False]], [[True, True]]]).terminal.tolist() == [False, True]


def test_it_is_what_it_was_given():
    mdp = fsq.TabularMDP(**GOOD, name="two")
    assert (mdp.n_states, mdp.n_actions, mdp.n_outcomes, mdp.deterministic) == (2, 2, 2, False)
    assert mdp.outcomes(0, 0) == [Outcome(0.25, 0, -1.0, False), Outcome(0.75, 1, 0.0, True)]
    assert mdp.outcomes(0, 1) == [(1.0, 1, 2.0, False)]  # an outcome that cannot happen is not told
    assert mdp.start.tolist() == [1.0, 0.0]
    assert mdp.largest_reward == 2.0
    assert fsq.from_map("S..G", step_reward=-3.0).largest_reward == 3.0  # of losses too
    np.testing.assert_allclose(mdp.expected_reward, [[-0.25, 2.0], [1.0, 0.275]])
    assert repr(mdp) == "<TabularMDP 'two': 2 states, 2 actions, up to 2 outcomes>"


@pytest.mark.parametrize(
    ("state", "action", "message"),
    [(2, 0, "state is 2; it must lie in 0..1"), (0, -1, "action is -1; it must lie in 0..1")],
)
def test_what_does_not_exist_has_no_outcomes(state, action, message):
    with pytest.raises(ValueError, match=message):
        fsq.TabularMDP(**GOOD).outcomes(state, action)


def test_arrays_are_its_own_and_read_only():
    rewards = np.array(GOOD["reward"])
    mdp = fsq.TabularMDP(**(GOOD | {"reward": rewards}))
    rewards[:] = 7.0
    assert mdp.reward.tolist() == GOOD["reward"]
    for array in (mdp.next_state, mdp.reward, mdp.terminated, mdp.probability, mdp.start):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    with pytest.raises(AttributeError):
        mdp.name = "other"


def test_what_outcomes_share_need_be_given_once():
    mdp = fsq.TabularMDP(**(GOOD | {"reward": [[1, 2], [3, 4]], "terminated": False}))
    assert mdp.reward.tolist() == [[[1.0, 1.0], [2.0, 2.0]], [[3.0, 3.0], [4.0, 4.0]]]
    assert not mdp.terminated.any()
    assert mdp.reward.dtype == np.float64
    assert mdp.next_state.dtype == np.int32


@pytest.mark.parametrize("shape", [(), (1,), (3,), (1, 3), (2, 1), (2, 3), (1, 1, 1), (1, 3, 1), (2, 3, 4), (1, 1, 4)])
def test_what_is_shared_need_be_given_once(shape):
    shared = {"next_state": np.zeros((2, 3, 4), int), "probability": np.full((2, 3, 4), 0.25)}
    reward = np.arange(float(np.prod(shape))).reshape(shape)
    mdp = fsq.TabularMDP(**shared, reward=reward, terminated=reward > 1.0)
    whole = np.broadcast_to(reward if reward.ndim == 3 else np.expand_dims(reward, -1), (2, 3, 4))
    assert mdp.reward.tolist() == whole.tolist()
    assert mdp.terminated.tolist() == (whole > 1.0).tolist()
    if reward.ndim < 3:
        assert fsq.TabularMDP(np.zeros((2, 3), int), reward, reward > 1.0).reward.shape == (2, 3, 1)


@given(mdps(), st.data())
def test_outcomes_sum_up_to_what_is_expected(mdp, data):
    state, action = data.draw(st.integers(0, mdp.n_states - 1)), data.draw(st.integers(0, mdp.n_actions - 1))
    outcomes = mdp.outcomes(state, action)
    assert sum(o.probability for o in outcomes) == pytest.approx(1.0)
    assert sum(o.probability * o.reward for o in outcomes) == pytest.approx(mdp.expected_reward[state, action])


@pytest.mark.parametrize("empty", [[], [[]], [[[]]]])
def test_an_mdp_of_nothing_is_refused_as_such(empty):
    with pytest.raises(ValueError, match=r"next_state has shape .* none of them 0"):
        fsq.TabularMDP(empty, empty, empty)


@pytest.mark.parametrize(("given", "missing"), [({"map": ["S"]}, "cells"), ({"cells": [[0, 0]]}, "map")])
def test_a_map_and_where_states_are_on_it_go_together(given, missing):
    with pytest.raises(ValueError, match=f"{missing} is missing; map and cells go together"):
        fsq.TabularMDP([[0]], [[1.0]], [[True]], **given)


COPIES = {
    **{f"pickled, protocol {p}": lambda mdp, p=p: pickle.loads(pickle.dumps(mdp, p)) for p in range(6)},
    "copied": copy.copy,
    "copied deeply": copy.deepcopy,
    "copied within a list": lambda mdp: copy.deepcopy([mdp, mdp])[1],
    "renamed": lambda mdp: dataclasses.replace(mdp, name="other"),
}


@pytest.mark.parametrize("make", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("seen", [False, True])
def test_copies_are_equal_and_read_only(make, seen):
    """Whether or not what is worked out when it is asked for has been asked for."""
    mdp = fsq.multi_goal(5, slippery=True)
    derived = ("terminal", "largest_reward", "expected_reward")
    if seen:
        _ = [getattr(mdp, name) for name in derived]
    made = make(mdp)
    for name in ("next_state", "reward", "terminated", "probability", "start", "cells", "map", *derived):
        value, expected = getattr(made, name), getattr(mdp, name)
        assert type(value) is type(expected)
        np.testing.assert_array_equal(value, expected, strict=True)
        if isinstance(value, np.ndarray):
            assert not value.flags.writeable, name
            with pytest.raises(ValueError, match="read-only"):
                value[...] = 0
    with pytest.raises(AttributeError):
        made.name = "changed"
    assert fsq.value_iteration(made, 0.9).q.tolist() == fsq.value_iteration(mdp, 0.9).q.tolist()


@pytest.mark.parametrize("rows", [{"S", "."}, {"S": 1}, np.array("S."), "S.", b"S."])
def test_rows_that_are_no_sequence_are_refused(rows):
    with pytest.raises(TypeError, match=r"map.* must be a (sequence of strings|string)"):
        fsq.TabularMDP([[0], [1]], 0.0, False, map=rows, cells=[[0, 0], [0, 1]])


@pytest.mark.parametrize(
    ("rows", "cells", "message"),
    [
        (["S.", "..."], [[0, 0], [0, 1]], r"map\[1\] has 3 cells; map\[0\] has 2, and all must be as wide"),
        (["SG"], [[0, 0], [0, 2]], r"cells\[1\] is \[0, 2\]; map has 1 rows and 2 columns"),
        (["SG"], [[-1, 0], [0, 1]], r"cells\[0\] is \[-1, 0\]; map has 1 rows and 2 columns"),
        ([], [[0, 0], [0, 1]], r"cells\[0\] is \[0, 0\]; map has 0 rows and 0 columns"),
    ],
)
def test_states_lie_on_a_map_that_is_a_rectangle(rows, cells, message):
    with pytest.raises(ValueError, match=message):
        fsq.TabularMDP([[0], [1]], 0.0, False, map=rows, cells=cells)
