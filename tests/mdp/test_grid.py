"""Grid worlds are what their maps show."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


# What ends a line for str.splitlines, or is blank to Unicode, but ends no row of a map.
NO_ENDS = "\v\f\x1c\x1d\x1e\x85\u2028\u2029\u3000"


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
        ("S  G", {}, r"rows\[0\]\[1\] is ' '; it must be one of .* or a digit; floor is '\.'"),
        ("S.. ..G", {}, r"rows\[0\]\[3\] is ' '"),
        ("S  \n  G", {}, r"rows\[0\]\[1\] is ' '"),
        (" S \n G ", {}, r"rows\[0\]\[1\] is ' '"),
        ("S.\n G", {}, r"rows\[1\]\[0\] is ' '"),
        ("S. \n..", {}, r"rows\[0\]\[2\] is ' '"),
        ("S.\t\n..", {}, r"rows\[0\]\[2\] is '\\t'"),
        ("S.\u00a0G", {}, r"rows\[0\]\[2\] is '\\xa0'; .* floor is"),
        ("S.\n\n.G", {}, r"rows\[1\] has 0 cells; rows\[0\] has 2, and all must be as wide"),
        (" \tS.G\n\t ..G", {}, r"rows\[0\]\[0\] is ' '"),
        ("S.\n  \n.G", {}, r"rows\[1\] has 0 cells"),
        *((f"S.{mark}.G", {}, rf"rows\[0\]\[2\] is {re.escape(repr(mark))}; it must be one of") for mark in NO_ENDS),
        *((f"S.G\n{mark}\n..G", {}, rf"rows\[1\]\[0\] is {re.escape(repr(mark))}") for mark in NO_ENDS),
        *((f"S.G\n{mark}\n", {}, rf"rows\[1\]\[0\] is {re.escape(repr(mark))}") for mark in NO_ENDS),
        *((f"{mark}S.G", {}, rf"rows\[0\]\[0\] is {re.escape(repr(mark))}") for mark in NO_ENDS),
        ("\n \n", {}, "rows is empty; it must hold at least one row"),
        (["S ", ".G"], {}, r"rows\[0\]\[1\] is ' '; .* floor is '\.'"),
        (["S.\n.G"], {}, r"rows\[0\]\[2\] is '\\n'; .* each row is a string of its own"),
        (["S²"], {}, r"rows\[0\]\[1\] is '²'"),
        (["S٣"], {}, r"rows\[0\]\[1\] is '٣'"),
        (["S0"], {"step_reward": np.nan}, "reward is nan; it must be finite"),
    ],
)
def test_a_bad_map_is_refused_with_a_reason(rows, options, message):
    with pytest.raises(ValueError, match=message):
        fsq.from_map(rows, **options)


@pytest.mark.parametrize(
    "text",
    [
        "S.G\n.#.",
        "S.G\n.#.\n",
        "\nS.G\n.#.\n",
        "\n\n  S.G\n  .#.\n\n  ",
        "    S.G\n    .#.\n    ",
        "\tS.G\n\t.#.\n",
        "S.G\r\n.#.\r\n",
        "\r  S.G\r  .#.\r",
        "  S.G\r\n  .#.\n \r\n",
        ["S.G", ".#."],
        ("S.G", ".#."),
        np.array(["S.G", ".#."]),
        iter(["S.G", ".#."]),
    ],
)
def test_a_map_is_its_lines_or_its_rows(text):
    mdp = fsq.from_map(text)
    assert mdp.map == ("S.G", ".#.")
    assert [type(row) for row in mdp.map] == [str, str]
    assert mdp.cells.tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 2]]


@given(st.lists(st.text(".#CG0", min_size=4, max_size=4), max_size=4), st.sampled_from(["", "  ", "\t", "      "]))
def test_indentation_and_blank_lines_around_a_map_are_no_part_of_it(below, indent):
    rows = ["S..G", *below]
    text = "\n".join(["", indent + indent, *(indent + row for row in rows), indent, ""])
    mdp, same = fsq.from_map(text), fsq.from_map(rows)
    assert mdp.map == same.map == tuple(rows)
    np.testing.assert_array_equal(mdp.next_state, same.next_state)


@given(st.lists(st.text(".# ", min_size=1, max_size=5), min_size=1, max_size=4), st.data())
def test_a_map_with_blanks_is_never_taken_for_a_smaller_one(below, data):
    """Either nothing but indentation was blank, or it is refused."""
    text = "\n".join([data.draw(st.sampled_from(["S.", " S.", "S .", "S  "])), *below])
    try:
        rows = fsq.from_map(text).map
    except ValueError:
        return
    lines = [line for line in text.split("\n") if line.strip()]
    indent = {len(line) - len(row) for line, row in zip(lines, rows, strict=True)}
    assert len(indent) == 1
    assert [line[indent.copy().pop() :] for line in lines] == list(rows)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: fsq.multi_goal(2**31 - 1), "size is 2147483647; such a room needs .* take a smaller one"),
        (lambda: fsq.point_mass(1e-7), "spacing is 1e-07; its lattice needs .* take a wider one"),
        (lambda: fsq.cliff_walking(height=10_000, width=10_000), "height is 10000 and width 10000; such a grid needs"),
    ],
)
def test_what_does_not_fit_into_memory_is_refused_before_it_is_made(make, message, monkeypatch):
    monkeypatch.setattr("fastsoftq.system.memory.available_memory", lambda: 2**30)
    with pytest.raises(ValueError, match=message):
        make()
