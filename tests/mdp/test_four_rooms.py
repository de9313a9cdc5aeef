"""Four rooms are those of Sutton, Precup & Singh (1999)."""

import numpy as np
import pytest

import fastsoftq as fsq

HALLWAYS = {"north": (2, 5), "east": (6, 8), "south": (9, 5), "west": (5, 1)}


def slow_values(rows, success, discount, sweeps):
    """Value iteration on the cells of a map; knows nothing of states."""
    cells = [(y, x) for y, row in enumerate(rows) for x, mark in enumerate(row) if mark != "#"]
    v = dict.fromkeys(cells, 0.0)
    ways = [(-1, 0), (0, 1), (1, 0), (0, -1)]

    def after(cell, way):
        ahead = (cell[0] + way[0], cell[1] + way[1])
        ahead = ahead if ahead in v else cell
        return 1.0 if rows[ahead[0]][ahead[1]] == "G" else discount * v[ahead]

    for _ in range(sweeps):
        v = {
            cell: 0.0
            if rows[cell[0]][cell[1]] == "G"
            else max(
                success * after(cell, way)
                + (1 - success) / 3 * sum(after(cell, other) for other in ways if other != way)
                for way in ways
            )
            for cell in cells
        }
    return v


@pytest.mark.parametrize("goal", list(HALLWAYS))
def test_values_are_those_of_a_slow_twin(goal):
    mdp = fsq.four_rooms(goal)
    assert (mdp.n_states, mdp.n_actions, mdp.n_outcomes) == (104, 4, 4)
    v = slow_values(mdp.map, 2 / 3, 0.9, 300)
    found = fsq.value_iteration(mdp, 0.9).v
    assert [v[tuple(cell)] for cell in mdp.cells.tolist()] == pytest.approx(found.tolist(), abs=1e-9)
    goals = [tuple(mdp.cells[state]) for state in np.flatnonzero(mdp.terminal)]
    assert goals == [HALLWAYS[goal]]


def test_moves_fail_to_the_three_other_sides():
    mdp = fsq.four_rooms()
    assert mdp.outcomes(0, 1) == [
        (pytest.approx(2 / 3), 1, 0.0, False),
        (pytest.approx(1 / 9), 10, 0.0, False),
        (pytest.approx(1 / 9), 0, 0.0, False),
        (pytest.approx(1 / 9), 0, 0.0, False),
    ]


def test_without_failures_it_is_the_shortest_way():
    """From the upper left to the east hallway: through the north one, 14 cells away."""
    mdp = fsq.four_rooms(success=1.0)
    assert mdp.deterministic
    assert fsq.value_iteration(mdp, 0.9).v[mdp.start.argmax()] == pytest.approx(0.9**13)


def test_a_higher_resolution_is_the_same_house():
    mdp = fsq.four_rooms(resolution=3)
    assert mdp.n_states == 9 * 104
    walls = [[mark == "#" for mark in row[::3]] for row in mdp.map[::3]]
    assert walls == [[mark == "#" for mark in row] for row in fsq.four_rooms().map]
    assert int(mdp.terminal.sum()) == 9
