import numpy as np
import pytest

import fastsoftq as fsq

MOVES = {"up": 0, "right": 1, "down": 2, "left": 3}


@pytest.mark.parametrize("size", [5, 9, 21])
def test_four_goals_equally_far_from_the_middle(size):
    mdp = fsq.multi_goal(size)
    start = int(np.argmax(mdp.start))
    assert tuple(mdp.cells[start]) == (size // 2, size // 2)
    goals = np.flatnonzero(mdp.terminal)
    assert [mdp.map[y][x] for y, x in mdp.cells[goals]] == ["0", "3", "1", "2"]
    for goal in range(4):
        state, path = start, []
        while not mdp.terminal[state]:
            ((probability, state, reward, terminated),) = mdp.outcomes(state, goal)
            path.append((probability, reward, terminated))
        assert path == [(1.0, -1.0, False)] * (size // 2 - 1) + [(1.0, 0.0, True)]
        assert mdp.map[mdp.cells[state][0]][mdp.cells[state][1]] == str(goal)


def test_hard_is_indifferent_between_equal_goals_and_decided_between_near_ties():
    tie, near = fsq.multi_goal(9), fsq.multi_goal(9, goal_rewards=(0.0, -0.01, -0.02, -0.03))
    at = int(np.argmax(tie.start))
    np.testing.assert_allclose(fsq.value_iteration(tie, 0.95).policy[at], 0.25)
    np.testing.assert_array_equal(fsq.value_iteration(near, 0.95).policy[at], [1, 0, 0, 0])


def test_closing_a_goal_leaves_every_other_state_as_it_is():
    every, some = fsq.multi_goal(7), fsq.multi_goal(7, closed=(0, 2))
    assert every.n_states == some.n_states == 49
    closed = [3, 45]
    assert not some.terminal[closed].any()
    same = [s for s in range(49) if not np.isin(every.next_state[s], closed).any() and s not in closed]
    assert len(same) == 41
    for name in ("next_state", "reward", "terminated"):
        np.testing.assert_array_equal(getattr(every, name)[same], getattr(some, name)[same])
    assert some.outcomes(10, 0) == [(1.0, 3, -1.0, False)]
    assert every.outcomes(10, 0) == [(1.0, 3, 0.0, True)]


def test_a_goal_pays_its_own_reward():
    mdp = fsq.multi_goal(5, goal_rewards=(1.0, 2.0, 3.0, 4.0), step_reward=-0.5)
    assert fsq.value_iteration(mdp, 1.0).v[12] == 4.0 - 0.5
    assert sorted(mdp.reward[mdp.terminated & ~mdp.terminal[:, None, None]]) == sorted([1, 2, 3, 4] * 3)


def shortest(mdp):
    """Steps from the start, by the value at -1 a step and 0 into the goal."""
    return -fsq.value_iteration(mdp, 1.0).v[np.argmax(mdp.start)] + 1


def test_the_hallway_leads_to_the_goals_at_its_ends_only():
    mdp = fsq.multi_goal(11, walls="hallway", closed=[1])
    assert shortest(mdp) == 5
    with pytest.raises(ValueError, match=r"closed is \[1, 3\].*\[1, 3\] must stay open"):
        fsq.multi_goal(11, walls="hallway", closed=[1, 3])
    inside = [mdp.map[4][x] + mdp.map[5][x] + mdp.map[6][x] for x in range(11)]
    assert all("#" not in column for column in inside)
    assert set(mdp.map[3]) == set(mdp.map[7]) == {"#"}


def test_out_of_the_u_maze_the_way_leads_up():
    assert shortest(fsq.multi_goal(21, walls="u-maze")) == 10
    # Up to row 4, out of the U (6), past its arm (5 or 6 columns), down again and on to goal 1: |rows| + |columns|.
    assert shortest(fsq.multi_goal(21, walls="u-maze", closed=[0])) == 6 + 10 + 6
    assert shortest(fsq.multi_goal(21, walls="u-maze", closed=[0, 1, 3])) == 6 + 6 + 16 + 6


def test_slip():
    mdp = fsq.multi_goal(5, slippery=True)
    assert [o.next_state for o in mdp.outcomes(12, 0)] == [11, 7, 13]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 10}, "size is 10; it must be odd"),
        ({"size": 3}, "size is 3; it must be at least 5"),
        ({"size": 7, "walls": "hallway"}, "size is 7; it must be at least 9"),
        ({"walls": "u_maze"}, "walls is 'u_maze'; did you mean 'u-maze'?"),
        ({"goal_rewards": (0.0, 1.0)}, "goal_rewards has 2 values"),
        ({"goal_rewards": (0.0, 1.0, 2.0, np.nan)}, r"goal_rewards\[3\] is nan"),
        ({"closed": [4]}, "closed includes 4"),
        ({"closed": [0, 1, 2, 3]}, "must stay open"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        fsq.multi_goal(**arguments)


def test_wrong_kinds():
    with pytest.raises(TypeError, match=r"size is 5\.0"):
        fsq.multi_goal(5.0)
    with pytest.raises(TypeError, match="goal_rewards is None"):
        fsq.multi_goal(goal_rewards=None)
