"""Worlds that change at an episode: what they are made of, and what is refused."""

import copy
import doctest
import pickle
import re
import tomllib
import warnings
from pathlib import Path

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.mdp.changing import phases_met
from fastsoftq.studies.spec_tables import made_environment, made_tables

BEFORE, AFTER = fsq.from_map(["S.G", "..."]), fsq.from_map(["S#G", "..."], name="walled")
WORLD = fsq.ChangingMDP({0: BEFORE, 300: AFTER})
PAGE = Path(__file__).parents[2] / "docs" / "changing_worlds.md"


def test_the_page_does_what_it_says():
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.attempted > 5
    assert found.failed == 0
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    worlds = made_tables(tomllib.loads(text)["environments"], ("environments",), made_environment)
    assert [variant.made.begins for variant in worlds.values()] == [(0, 50), (0, 100)]


@pytest.mark.parametrize(("episode", "phase"), [(0, 0), (1, 0), (299, 0), (300, 1), (301, 1), (np.int64(10**9), 1)])
def test_a_phase_lasts_until_the_next_begins(episode, phase):
    assert WORLD.at(episode) is WORLD.phases[phase]


def test_phases_may_be_given_in_any_order_and_come_back():
    world = fsq.ChangingMDP({20: BEFORE, 0: BEFORE, 10: AFTER}, name="there and back")
    assert world.begins == (0, 10, 20)
    assert [world.at(episode).name for episode in (0, 10, 20)] == ["map", "walled", "map"]
    assert (
        repr(world) == "<ChangingMDP 'there and back': 6 states, 4 actions, deterministic, changes at episodes 10, 20>"
    )
    assert "from episode 10:\nS#G" in world._repr_html_()
    assert repr(fsq.ChangingMDP({0: BEFORE})).endswith("changes never>")
    assert fsq.ChangingMDP(dict.fromkeys(range(9), BEFORE))._changes() == "changes at episodes 1, 2, 3, 4, 5, ..."


def test_states_are_matched_by_cell():
    """A cell that is a wall in one phase is a state there too, which nothing leads to."""
    assert (BEFORE.n_states, AFTER.n_states, WORLD.n_states) == (6, 5, 6)
    before, after = WORLD.phases
    assert before.cells.tolist() == after.cells.tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
    wall = 1
    assert after.terminal[wall]
    assert not (np.delete(after.next_state, wall, axis=0) == wall).any()
    assert after.map == AFTER.map
    by_cell = [0, 2, 3, 4, 5]  # of AFTER's states
    for discount in (0.9, 1.0):
        np.testing.assert_array_equal(
            fsq.value_iteration(after, discount).q[by_cell], fsq.value_iteration(AFTER, discount).q
        )
    np.testing.assert_array_equal(fsq.value_iteration(before, 0.9).q, fsq.value_iteration(BEFORE, 0.9).q)


def test_maps_of_other_sizes_have_the_cells_of_both():
    small, wide, tall = fsq.from_map("SG"), fsq.from_map("S..G"), fsq.from_map(["S#", ".G"])
    world = fsq.ChangingMDP({0: small, 1: wide, 2: tall})
    assert world.n_states == 6
    assert [mdp.map for mdp in world.phases] == [("SG##", "####"), ("S..G", "####"), ("S###", ".G##")]
    assert [float(fsq.value_iteration(mdp, 1.0).v[0]) for mdp in world.phases] == [0.0, -2.0, -1.0]
    assert [fsq.plot_grid(mdp, value=fsq.value_iteration(mdp, 1.0).v) is not None for mdp in world.phases] == [True] * 3


def test_without_cells_states_are_matched_by_number():
    one = fsq.TabularMDP([[1, 0], [1, 1]], -1.0, [[True, False], [True, True]])
    other = fsq.TabularMDP([[1, 1], [1, 1]], 1.0, True)
    world = fsq.ChangingMDP({0: one, 5: other})
    assert world.phases == (one, other)
    assert world.cells is None
    assert (world.n_states, world.n_actions, world.n_outcomes, world.deterministic) == (2, 2, 1, True)


def test_phases_may_have_other_numbers_of_outcomes():
    world = fsq.ChangingMDP({0: fsq.cliff_walking(), 5: fsq.cliff_walking(slippery=True)})
    assert (world.n_outcomes, world.deterministic, world.largest_reward) == (3, False, 100.0)


def test_it_is_copied_and_pickled_whole():
    for other in (copy.deepcopy(WORLD), pickle.loads(pickle.dumps(WORLD))):
        assert (other.begins, other.name, repr(other)) == (WORLD.begins, WORLD.name, repr(WORLD))
        assert other.at(300).next_state.tolist() == WORLD.at(300).next_state.tolist()
    with pytest.raises(AttributeError):
        WORLD.begins = (0,)


def test_a_run_meets_the_phases_that_begin_in_it():
    assert [(met.first, met.stop, met.mdp.name) for met in phases_met(WORLD, 301)] == [
        (0, 300, "map"),
        (300, 301, "walled"),
    ]
    assert [met.episodes for met in phases_met(WORLD, 300)] == [300]


TWICE = fsq.TabularMDP([[0, 0], [1, 1], [2, 2]], -1.0, False, map=["ab"], cells=[[0, 0], [0, 1], [0, 1]])
TWO = fsq.TabularMDP([[0, 0], [1, 1]], -1.0, False, map=["ab"], cells=[[0, 0], [0, 1]])


@pytest.mark.parametrize(
    ("phases", "error", "message"),
    [
        ({}, ValueError, "phases names none; one must begin with episode 0"),
        ({3: BEFORE, 5: AFTER}, ValueError, "phases names episodes 3, 5; one must begin with episode 0"),
        ({0: BEFORE, -3: AFTER}, ValueError, "phases has an episode, which is -3; it must be at least 0"),
        ({0: BEFORE, 2**31: AFTER}, ValueError, "which is 2147483648; it must be at most 2147483647"),
        ({0: BEFORE, "5": AFTER}, TypeError, "which is '5'; it must be an integer"),
        ({0: BEFORE, 1.5: AFTER}, TypeError, "which is 1.5; it must be an integer"),
        ({0: BEFORE, float("nan"): AFTER}, TypeError, "which is nan; it must be an integer"),
        ({0: BEFORE, 5: "cliff"}, TypeError, r"phases\[5\] is 'cliff'; it must be a TabularMDP"),
        ({0: WORLD}, TypeError, r"phases\[0\] is <ChangingMDP 'map'"),
        ([BEFORE, AFTER], TypeError, "it must be a mapping of episodes to MDPs"),
        (None, TypeError, "phases is None; it must be a mapping"),
        ({0: BEFORE, 4: fsq.point_mass()}, ValueError, r"phases\[4\] has 25 actions; phases\[0\] has 4"),
        (
            {0: fsq.TabularMDP([[0]], -1.0, False), 4: fsq.TabularMDP([[0], [0]], -1.0, False)},
            ValueError,
            r"phases\[4\] has 2 states; phases\[0\] has 1, and where not all have cells",
        ),
        ({0: TWO, 4: TWICE}, ValueError, r"phases\[4\] has several states in one cell"),
    ],
)
def test_what_is_no_changing_world_is_refused(phases, error, message):
    with pytest.raises(error, match=message):
        fsq.ChangingMDP(phases)


@pytest.mark.parametrize(("name", "error"), [(3, TypeError), (b"x", TypeError)])
def test_a_name_is_text(name, error):
    with pytest.raises(error, match="name is"):
        fsq.ChangingMDP({0: BEFORE}, name)


@pytest.mark.parametrize(
    ("episode", "error"), [(-1, ValueError), (0.5, TypeError), ("0", TypeError), (None, TypeError)]
)
def test_an_episode_that_is_none_is_refused(episode, error):
    with pytest.raises(error, match="episode is"):
        WORLD.at(episode)


POLICY = np.full((WORLD.n_states, 4), 0.25)
SOFT = {"temperature": 1.0, "reward_scale": 1.0}


@pytest.mark.parametrize(
    "plan",
    [
        lambda mdp: fsq.value_iteration(mdp, 0.9),
        lambda mdp: fsq.policy_iteration(mdp, 0.9),
        lambda mdp: fsq.soft_value_iteration(mdp, 0.9, **SOFT),
        lambda mdp: fsq.evaluate_policy(mdp, POLICY, 0.9),
        lambda mdp: fsq.occupancy(mdp, POLICY, discount=0.9),
        lambda mdp: fsq.critical_reward_scale(mdp),
        lambda mdp: fsq.sample_trajectories(mdp, POLICY, 3, rng=0),
        lambda mdp: fsq.variational_policy(mdp, horizon=3, reward_scale=1.0),
        lambda mdp: fsq.to_gymnasium(mdp),
        lambda mdp: fsq.plot_grid(mdp, value=POLICY[:, 0]),
        lambda mdp: fsq.observed(mdp),
    ],
)
def test_planning_asks_for_what_the_world_is_in_an_episode(plan):
    with pytest.raises(TypeError, match=r"mdp is <ChangingMDP.*; it must be what that is in an episode.* mdp\.at\(0\)"):
        plan(WORLD)


def test_a_deep_agent_counts_steps_and_is_refused():
    deep = fsq.Deep(fsq.QLearning(1e-3, 0.9), fsq.MLP((4,)))
    with pytest.raises(TypeError, match=r"changes at an episode.*environment\.at\(0\)"):
        fsq.train(WORLD, deep, seeds=2, steps=10)


def test_warnings_tell_the_phase():
    shut = fsq.ChangingMDP({0: BEFORE, 5: fsq.from_map(["S#G", ".#."])}, name="shut")
    agent = fsq.QLearning(0.5, 0.9)
    with pytest.warns(
        UserWarning, match="no terminal outcome of shut from episode 5 on can be reached from start state 0"
    ):
        fsq.train(shut, agent, 2, 6, 10)
    wandering = fsq.ChangingMDP({0: BEFORE, 7: fsq.from_map(["S.G", "..."], step_reward=-0.1)}, name="cheap")
    soft = fsq.SoftQLearning(0.5, 0.9, 1.0, reward_scale=3.0)
    with pytest.warns(UserWarning, match="not above cheap from episode 7 on's critical reward scale") as caught:
        fsq.train(wandering, soft, 2, 6, 10)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fsq.train(WORLD, agent, 2, 6, 10)


@pytest.mark.parametrize("layout", ["blocking", "shortcut"])
def test_dynas_maze_changes_at_an_episode(layout):
    world = fsq.dyna_maze(layout, changes_at=7, goal_reward=2.0)
    for episode, changed in ((6, False), (7, True)):
        right = fsq.dyna_maze(layout, changed=changed, goal_reward=2.0)
        for field in ("next_state", "reward", "terminated", "start", "cells"):
            np.testing.assert_array_equal(getattr(world.at(episode), field), getattr(right, field))
        assert world.at(episode).map == right.map


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"changes_at": 0}, ValueError, "changes_at is 0; it must be at least 1"),
        ({"changes_at": 2**31}, ValueError, "changes_at is 2147483648; it must be at most 2147483647"),
        ({"changes_at": 2.5}, TypeError, "changes_at is 2.5; it must be an integer"),
        ({"changes_at": True}, TypeError, "changes_at is True"),
        ({"changes_at": 5, "layout": "plain"}, ValueError, "changes_at is 5; the plain maze does not change"),
        ({"changes_at": 5, "changed": True}, ValueError, "changes_at is 5 and changed is True; give one of them"),
    ],
)
def test_a_change_that_is_none_is_refused(changes, error, message):
    with pytest.raises(error, match=message):
        fsq.dyna_maze(**{"layout": "blocking"} | changes)
