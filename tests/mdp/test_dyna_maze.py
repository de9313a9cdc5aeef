"""Dyna's mazes are the book's, and change without renumbering their states."""

from collections import deque

import numpy as np
import pytest

import fastsoftq as fsq
from tests.engine.running import train

# Sutton & Barto (2018), examples 8.1 to 8.3: the shortest way, in steps.
SHORTEST = [
    ("plain", False, 14),
    ("blocking", False, 10),
    ("blocking", True, 16),
    ("shortcut", False, 16),
    ("shortcut", True, 10),
]


def steps_on(rows):
    """From S to G by breadth-first search on the map, knowing nothing of states."""
    marks = {(y, x): mark for y, row in enumerate(rows) for x, mark in enumerate(row)}
    start = next(cell for cell, mark in marks.items() if mark == "S")
    seen, queue = {start: 0}, deque([start])
    while queue:
        y, x = queue.popleft()
        for cell in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            if marks.get(cell, "#") != "#" and cell not in seen:
                seen[cell] = seen[y, x] + 1
                queue.append(cell)
            if marks.get(cell) == "G":
                return seen[cell]
    raise AssertionError


@pytest.mark.parametrize(("layout", "changed", "steps"), SHORTEST)
def test_the_shortest_way_is_the_books(layout, changed, steps):
    maze = fsq.dyna_maze(layout, changed=changed)
    assert steps_on(maze.map) == steps
    solution = fsq.value_iteration(maze, discount=0.95)
    assert solution.converged
    assert solution.v[maze.start.argmax()] == pytest.approx(0.95 ** (steps - 1), rel=1e-12)
    undiscounted = fsq.value_iteration(fsq.dyna_maze(layout, changed=changed, step_reward=-1, goal_reward=-1), 1.0)
    assert undiscounted.v[maze.start.argmax()] == -steps


def test_the_plain_maze_has_47_states_and_no_move_through_walls():
    """As the book counts them (example 8.4)."""
    maze = fsq.dyna_maze()
    assert (maze.n_states, maze.n_actions) == (47, 4)
    for state, (y, x) in enumerate(maze.cells.tolist()):
        for action, (dy, dx) in enumerate(((-1, 0), (0, 1), (1, 0), (0, -1))):
            ahead = (y + dy, x + dx)
            free = 0 <= ahead[0] < 6 and 0 <= ahead[1] < 9 and maze.map[ahead[0]][ahead[1]] != "#"
            if maze.map[y][x] == "G":
                assert maze.outcomes(state, action) == [(1.0, state, 0.0, True)]
                continue
            lands = ahead if free else (y, x)
            goal = maze.map[lands[0]][lands[1]] == "G"
            next_state = maze.cells.tolist().index(list(lands))
            assert maze.outcomes(state, action) == [(1.0, next_state, float(goal), goal)]


@pytest.mark.parametrize("layout", ["blocking", "shortcut"])
def test_states_are_the_same_before_and_after(layout):
    before, after = (fsq.dyna_maze(layout, changed=changed) for changed in (False, True))
    assert np.array_equal(before.cells, after.cells)
    assert np.array_equal(before.start, after.start)
    assert np.array_equal(before.terminal, after.terminal)
    for maze in (before, after):
        shut = [state for state, (y, x) in enumerate(maze.cells.tolist()) if maze.map[y][x] == "#"]
        assert len(shut) == (1 if layout == "blocking" or maze is before else 0)
        assert not np.isin(maze.next_state, shut)[np.setdiff1d(range(maze.n_states), shut)].any()
    where = np.flatnonzero((before.next_state != after.next_state).any(axis=(1, 2)))
    assert {tuple(before.cells[state]) for state in where} <= {
        (y, x) for y in (2, 3, 4) for x in (0, 1, 7, 8)
    }  # around the two ends of the wall


def test_a_table_learned_before_the_change_is_trained_on_after_it():
    before, after = (fsq.dyna_maze("shortcut", changed=changed) for changed in (False, True))
    agent = fsq.QLearning(0.5, 0.95, epsilon=0.2)
    learned = train(0, before, agent, seeds=1, episodes=30, max_steps=3000)
    later = train(0, after, agent, seeds=1, episodes=1, max_steps=3000, initial_q=learned.final_q[0])
    assert later.lengths[0, 0] < 200


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"layout": "blokcing"}, ValueError, "layout is 'blokcing'; did you mean 'blocking'"),
        ({"layout": 1}, TypeError, "layout is 1; it must be one of 'plain', 'blocking', 'shortcut'"),
        ({"changed": True}, ValueError, "changed is True; the plain maze does not change"),
        ({"layout": "blocking", "changed": 1}, TypeError, "changed is 1; it must be True or False"),
        ({"goal_reward": float("nan")}, ValueError, "goal_reward is nan; it must be finite"),
        ({"layout": "shortcut", "step_reward": 1e200}, ValueError, "step_reward is 1e"),
    ],
)
def test_bad_arguments_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        fsq.dyna_maze(**arguments)
