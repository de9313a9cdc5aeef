"""An MDP seen as an environment steps as its tables, and each state looks like itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq.environments import check_environment, describe, reset, step
from fastsoftq.kernels.random import outcome_draw, seed, start_draw
from fastsoftq.mdp import tables as tabular
from tests.engine.worlds import worlds
from tests.environments.playing import seen

MAP = ["S.#.", "1CH2", "...S"]
GRID = fsq.from_map([row.replace("H", ".") for row in MAP if row != MAP[2]] + ["...."])


@given(worlds(3, 3, True), st.integers(0, 2**40), st.lists(st.integers(0, 2), max_size=20))
def test_it_steps_as_its_tables(mdp, number, actions):
    environment, packed, key = fsq.observed(mdp), tabular.tables(mdp), seed(number)
    state = reset(environment, key)
    assert state == tabular.reset(packed, start_draw(key))
    assert mdp.start[state] > 0
    for t, action in enumerate(actions):
        there, reward, terminated = step(environment, state, action, key + t)
        assert (there, reward, terminated) == tabular.step(packed, state, action, outcome_draw(key + t))
        assert any(o[1:] == (there, reward, terminated) for o in mdp.outcomes(state, action))
        state = there


def test_all_views_step_alike():
    views = [fsq.observed(GRID, view) for view in ("one_hot", "coordinates", "picture")]
    for state in range(GRID.n_states):
        for action in range(4):
            found = [step(environment, state, action, 0) for environment in views]
            assert found[0] == found[1] == found[2] == GRID.outcomes(state, action)[0][1:]


def test_one_hot():
    environment = fsq.observed(GRID, max_steps=7)
    assert describe(environment) == (4, (GRID.n_states,), 7)
    assert np.array_equal([seen(environment, s) for s in range(GRID.n_states)], np.eye(GRID.n_states))


def test_coordinates_run_from_the_lower_left_to_the_upper_right():
    environment = fsq.observed(fsq.from_map(["S..", "...", "..G"]), "coordinates")
    assert [seen(environment, s).tolist() for s in range(9)] == [
        [x, y] for y in (1.0, 0.0, -1.0) for x in (-1.0, 0.0, 1.0)
    ]
    assert seen(fsq.observed(fsq.from_map(["S", "G"]), "coordinates"), 1).tolist() == [0.0, -1.0]


def test_a_picture_has_agent_walls_goals_and_falls():
    rows = ["S.#", "1C.", "..G"]
    mdp = fsq.from_map(rows)
    environment = fsq.observed(mdp, "picture")
    assert describe(environment).shape == (4, 3, 3)
    for state, (row, column) in enumerate(mdp.cells):
        picture = seen(environment, state)
        for y in range(3):
            for x in range(3):
                mark = rows[y][x]
                shown = [(y, x) == (row, column), mark == "#", mark in "1G", mark == "C"]
                assert picture[:, y, x].tolist() == shown


def test_holes_of_a_lake_are_falls():
    pytest.importorskip("gymnasium")
    lake = fsq.from_gymnasium("FrozenLake-v1")
    assert seen(fsq.observed(lake, "picture"), 0)[3].sum() == sum(row.count("H") for row in lake.map)


PLAIN = fsq.TabularMDP([[0, 0]], [[0.0, 1.0]], [[False, True]], name="plain")
DOUBLED = fsq.TabularMDP(
    [[0], [1]], [[0.0], [1.0]], [[False], [True]], name="doubled", map=["."], cells=[(0, 0), (0, 0)]
)


@pytest.mark.parametrize(
    ("mdp", "options", "error", "message"),
    [
        (PLAIN, {"view": "picture"}, ValueError, "view is 'picture'; mdp 'plain' has no map"),
        (PLAIN, {"view": "coordinates"}, ValueError, "view is 'coordinates'; mdp 'plain' has no map"),
        (DOUBLED, {"view": "coordinates"}, ValueError, "states 0 and 1 of mdp 'doubled' are in the same cell"),
        (GRID, {"view": "onehot"}, ValueError, "view is 'onehot'; did you mean 'one_hot'"),
        (GRID, {"max_steps": 0}, ValueError, "max_steps is 0; it must be at least 1"),
        ("cliff", {}, TypeError, "mdp is 'cliff'; it must be a TabularMDP"),
    ],
)
def test_what_cannot_be_seen_is_refused(mdp, options, error, message):
    with pytest.raises(error, match=message):
        fsq.observed(mdp, **options)


@pytest.mark.parametrize("view", ["one_hot", "coordinates", "picture"])
def test_it_passes_the_check(view):
    assert check_environment(fsq.observed(fsq.multi_goal(9, walls="u-maze"), view)).n_actions == 4
