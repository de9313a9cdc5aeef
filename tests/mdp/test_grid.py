"""Grid worlds are what their maps show."""

import numpy as np
import pytest

import fastsoftq as fsq

MAP = """
S.#
.CG
"""
# The states of it: 0 S, 1 floor, 2 floor, 3 cliff, 4 goal.
UP, RIGHT, DOWN, LEFT = range(4)


def test_every_move_on_a_small_map():
    mdp = fsq.from_map(MAP, step_reward=-2.0, cliff_reward=-9.0, goal_reward=5.0, name="small")
    assert (mdp.n_states, mdp.n_actions, mdp.deterministic, mdp.name) == (5, 4, True, "small")
    step, fall = -2.0, (0, -9.0, False)
    moves = {
        (0, UP): (0, step, False), (0, RIGHT): (1, step, False),
        (0, DOWN): (2, step, False), (0, LEFT): (0, step, False),
        (1, UP): (1, step, False), (1, RIGHT): (1, step, False), (1, DOWN): fall, (1, LEFT): (0, step, False),
        (2, UP): (0, step, False), (2, RIGHT): fall, (2, DOWN): (2, step, False), (2, LEFT): (2, step, False),
    }  # fmt: skip
    for (state, action), result in moves.items():
        assert mdp.outcomes(state, action) == [(1.0, *result)]
    assert mdp.outcomes(3, RIGHT) == [(1.0, 4, 5.0, True)]
    assert mdp.terminal.tolist() == [False, False, False, False, True]
    assert mdp.start.tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert mdp.cells.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1], [1, 2]]
    assert mdp.map == ("S.#", ".CG")


def test_on_a_slippery_one_a_move_may_turn_either_way():
    mdp = fsq.from_map("...\n.S.\n...", slippery=True)
    for action in range(4):
        outcomes = mdp.outcomes(4, action)
        assert [o.probability for o in outcomes] == [1 / 3] * 3
        ahead = [1, 5, 7, 3]
        assert [o.next_state for o in outcomes] == [ahead[(action + turn) % 4] for turn in (-1, 0, 1)]


def test_each_goal_may_pay_its_own():
    mdp = fsq.from_map("0S1", goal_reward={"0": -0.5, "1": 2.0})
    assert mdp.outcomes(1, LEFT) == [(1.0, 0, -0.5, True)]
    assert mdp.outcomes(1, RIGHT) == [(1.0, 2, 2.0, True)]


def test_starts_are_equally_likely():
    mdp = fsq.from_map(["S.S", "SGS"])
    assert mdp.start.tolist() == [0.25, 0.0, 0.25, 0.25, 0.0, 0.25]


def test_without_a_goal_nothing_terminates():
    assert not fsq.from_map("S..").terminated.any()


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ("", {}, "rows is empty; it must hold at least one row"),
        ([""], {}, "rows is empty; it must hold at least one row"),
        (["S..", "..G."], {}, r"rows\[1\] has 4 cells; rows\[0\] has 3, and all must be as wide"),
        (["S.x"], {}, r"rows\[0\]\[2\] is 'x'; it must be one of '.', 'S', '#', 'C', 'G' or a digit"),
        (["..G"], {}, "rows has no start; mark at least one cell 'S'"),
        (["SCS"], {}, "rows has 2 starts and a cliff; a fall leads back to the start, so mark only one"),
        (["S01"], {"goal_reward": {"0": 1.0}}, r"goal_reward names \['0'\]; the goals on the map are \['0', '1'\]"),
        (["S0"], {"goal_reward": {"0": 1.0, "7": 1.0}}, r"goal_reward names \['0', '7'\]; .* are \['0'\]"),
        (["S0"], {"step_reward": np.nan}, "reward is nan; it must be finite"),
    ],
)
def test_a_bad_map_is_refused_with_a_reason(rows, options, message):
    with pytest.raises(ValueError, match=message):
        fsq.from_map(rows, **options)
