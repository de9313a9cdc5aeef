"""Demonstrations: what is read is what was written, and a bad row is named by its line."""

import csv
import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq.planning.inverse_rl import demonstrations

CORRIDOR = fsq.from_map("S..G")
GOOD = "trajectory,step,state,action\na,0,0,1\na,1,1,1\nb,3,0,3\nb,4,0,1\n"


def written(tmp_path, text):
    path = tmp_path / "seen.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_reading(tmp_path):
    seen = fsq.load_demonstrations(written(tmp_path, GOOD), CORRIDOR)
    assert seen.trajectory.tolist() == [0, 0, 1, 1]
    assert (seen.state.tolist(), seen.action.tolist(), seen.reward) == ([0, 1, 0, 0], [1, 1, 3, 1], None)
    assert (seen.n_trajectories, seen.n_steps) == (2, 4)
    assert seen.counts(CORRIDOR).tolist() == [[0, 2, 0, 1], [0, 1, 0, 0], [0] * 4, [0] * 4]


def test_columns_in_any_order_with_others_and_rewards(tmp_path):
    text = "\ufeffaction, who, step, reward, state, trajectory\r\n1, me, 0, -1.5, 0, x\r\n\r\n1, me, 1, 0, 1, x\r\n"
    seen = fsq.load_demonstrations(written(tmp_path, text))
    assert (seen.state.tolist(), seen.reward.tolist(), seen.n_trajectories) == ([0, 1], [-1.5, 0.0], 1)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_quotes_blanks_and_marks_are_no_part_of_a_field(tmp_path, mark, newline):
    rows = [
        '"trajectory", step,"state", action ,note',
        '"a, the first",0,"0",1,"says ""hm"""',
        '"a, the first", "1", 1 ,1,',
        "",
        'b,0,0,3,"x,y"',
        'b ,1,0,1,""',
    ]
    path = tmp_path / "seen.csv"
    path.write_bytes((mark + newline.join(rows)).encode())
    seen = fsq.load_demonstrations(path, CORRIDOR)
    assert seen.trajectory.tolist() == [0, 0, 1, 1]
    assert (seen.state.tolist(), seen.action.tolist(), seen.reward) == ([0, 1, 0, 0], [1, 1, 3, 1], None)


@given(
    st.permutations(["trajectory", "step", "state", "action", "who"]),
    st.lists(st.lists(st.text(",\"\n ab'", max_size=4), min_size=1, max_size=3), min_size=1, max_size=3),
    st.integers(0, 5),
    st.integers(-2, 2),
)
def test_a_row_is_taken_whole_or_refused_by_its_line(tmp_path_factory, columns, notes, where, more):
    """Written by Python's csv, with one row cut short or drawn out."""
    lines = [
        {"trajectory": f"run {i}", "step": t, "state": t % 3, "action": 1, "who": note}
        for i, steps in enumerate(notes)
        for t, note in enumerate(steps)
    ]
    rows = [[line[column] for column in columns] for line in lines]
    where %= len(rows)
    rows[where] = rows[where][:more] if more < 0 else rows[where] + ["1"] * more
    path = tmp_path_factory.mktemp("csv") / "seen.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])
    if more:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.reader(file)
            ends = [reader.line_num for row in reader if row]
        with pytest.raises(ValueError, match=rf"line {ends[where + 1]}: .*(column 6 holds|in column {6 + more} of 5)"):
            fsq.load_demonstrations(path)
    else:
        seen = fsq.load_demonstrations(path)
        assert seen.trajectory.tolist() == [i for i, steps in enumerate(notes) for _ in steps]
        assert seen.state.tolist() == [line["state"] for line in lines]


def test_sampled_trajectories_are_demonstrations(tmp_path):
    drawn = fsq.sample_trajectories(CORRIDOR, np.full((4, 4), 0.25), 30, horizon=12, rng=1)
    seen = fsq.Demonstrations.of(drawn)
    assert seen.n_steps == drawn.lengths.sum()
    assert seen.reward.sum() == drawn.rewards.sum()
    rows = [
        f"run {i},{t},{drawn.states[i, t]},{drawn.actions[i, t]},{drawn.rewards[i, t]!r}"
        for i in range(30)
        for t in range(drawn.lengths[i])
    ]
    text = "\n".join(["trajectory,step,state,action,reward", *rows]).replace("np.float64(", "").replace(")", "")
    again = fsq.load_demonstrations(written(tmp_path, text), CORRIDOR)
    for name in ("trajectory", "state", "action", "reward"):
        assert np.array_equal(getattr(again, name), getattr(seen, name))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: no column 'trajectory', 'step', 'state', 'action'; columns must be"),
        ("trajectory,step,action\na,0,0\n", "line 1: no column 'state'; columns must be"),
        ("trajectory,step,state,action\n", "holds no steps; at least one is needed"),
        (GOOD + "b,5,one,1\n", "line 6: state is 'one'; it must be a whole number of at least 0"),
        (GOOD + "b,5,-1,1\n", "line 6: state is '-1'; it must be a whole number of at least 0"),
        (GOOD + "b,5,1\n", "line 6: action is None; it must be a whole number"),
        (GOOD + "b,5,1,1.0\n", "line 6: action is '1.0'; it must be a whole number"),
        (GOOD + "b,7,1,1\n", "line 6: step is 7; after step 4 it must be 5"),
        (GOOD + "a,2,2,1\n", "line 6: trajectory 'a' goes on after another; its rows must be together"),
        ("trajectory,step,state,action,reward\na,0,0,1,-1\na,1,1,1,nan\n", "line 3: reward is 'nan'; it must be"),
        ("trajectory,step,state,action,reward\na,0,0,1,\n", "line 2: reward is ''; it must be a finite number"),
        ('trajectory,step,state,action\na,0,0,"1\n', "unexpected end of data"),
        (
            GOOD + "b,5,1,1,7\n",
            "line 6: column 5 holds '7', and line 1 gives it no name; it must have 4 fields, and has 5",
        ),
        (GOOD + "b,5,1,1,\n", "line 6: column 5 holds '', and line 1 gives it no name"),
        (GOOD + "b\n", "line 6: step is None; it must be a whole number of at least 0, in column 2 of 4"),
        (GOOD + ",5,1,1\n", "line 6: trajectory is ''; it must be a label"),
        (GOOD + ",,,\n", "line 6: trajectory is ''; it must be a label"),
        (GOOD + "b,5,+1,1\n", "line 6: state is '+1'; it must be a whole number"),
        (GOOD + "b,5,1_0,1\n", "line 6: state is '1_0'; it must be a whole number"),
        (GOOD + "b,5,²,1\n", "line 6: state is '²'; it must be a whole number"),
        (GOOD + 'b,5,"1,1"\n', "line 6: action is None"),
        (GOOD + 'b,5,"1"1,1\n', "line 6: ',' expected after"),
        (GOOD + 'b,5,1,"1\n', "line 6: unexpected end of data"),
        (
            "trajectory,step,state,action,state\na,0,0,1,2\n",
            "line 1: column 5 is 'state', as column 3; each must be there",
        ),
        ("who,trajectory,step,state,action,who\n", "line 1: column 6 is 'who', as column 1; each must be there once"),
        ("trajectory,step,state,action, state \na,0,0,1,2\n", "line 1: column 5 is 'state', as column 3"),
        ("trajectory,step,state,action,\na,0,0,1,\n", "line 1: column 5 has no name"),
        (",trajectory,step,state,action\n0,a,0,0,1\n", "line 1: column 1 has no name"),
        ("trajectory,step,state,action,who\na,0,0,1\n", "line 2: who is None; it must be there, in column 5 of 5"),
        (
            "trajectory,step,state,action,reward\na,0,0,1\n",
            "line 2: reward is None; it must be a finite number, in column 5",
        ),
        ("trajectory;step;state;action\na;0;0;1\n", "line 1: no column 'trajectory', 'step', 'state', 'action'"),
        ("Trajectory,Step,State,Action\na,0,0,1\n", "line 1: no column 'trajectory'"),
        ("trajectory,step,state,action,reward\na,0,0,1,1_0\n", "line 2: reward is '1_0'; it must be a finite number"),
        ("trajectory,step,state,action,reward\na,0,0,1,٣\n", "line 2: reward is '٣'; it must be a finite number"),
        ("trajectory,step,state,action,reward\na,0,0,1,1e999\n", "line 2: reward is '1e999'; it must be a finite"),
        ('who,trajectory,step,state,action\n"two\nlines",a,0,0,1\nx,a,1,9,1\n', "line 4: state is 9"),
        (GOOD + "c,0,4,1\n", "line 6: state is 4; in map it must lie in 0..3"),
        (GOOD + "c,0,0,4\n", "line 6: action is 4; in map it must lie in 0..3"),
        (GOOD + "c,0,3,1\n", "line 6: state 3 is terminal in map; nothing is done there"),
        (GOOD + "c,0,0,1\nc,1,2,1\n", "line 7: state 2 cannot follow action 1 in state 0 of map"),
    ],
)
def test_a_bad_file(tmp_path, text, message):
    with pytest.raises(ValueError, match=r"seen\.csv") as error:
        fsq.load_demonstrations(written(tmp_path, text), CORRIDOR)
    assert message in str(error.value)


@pytest.mark.parametrize("blanks", ["", " ", "  \t", "\t", "\u00a0"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_of_blanks_are_passed_over(tmp_path, blanks, newline):
    header, *rows = GOOD.splitlines()
    path = tmp_path / "seen.csv"
    path.write_bytes(newline.join([header, blanks, *rows[:3], blanks, blanks, rows[3], blanks]).encode())
    seen = fsq.load_demonstrations(path, CORRIDOR)
    assert (seen.state.tolist(), seen.n_trajectories) == ([0, 1, 0, 0], 2)
    path.write_bytes(newline.join([header, blanks, *rows, blanks, "b,5,one,1"]).encode())
    with pytest.raises(ValueError, match="line 8: state is 'one'"):
        fsq.load_demonstrations(path)


def test_blanks_in_quotes_are_a_field(tmp_path):
    seen = fsq.load_demonstrations(
        written(tmp_path, 'trajectory,step,state,action,note\na,0,0,1,"\n  \n"\na,1,1,1,"x\n "\n'), CORRIDOR
    )
    assert seen.state.tolist() == [0, 1]
    for row in ('""', '" "', '"\n "'):
        with pytest.raises(ValueError, match="step is None"):
            fsq.load_demonstrations(written(tmp_path, f"{GOOD}{row}\n"))


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "seen.csv"
    path.write_bytes(b"trajectory,step,state,action\na,0,\xff,1\n")
    with pytest.raises(ValueError, match="not text in UTF-8"):
        fsq.load_demonstrations(path)


def test_what_cannot_have_happened():
    with pytest.raises(ValueError, match="step 1 of trajectory 1: state 2 cannot follow action 1 in state 0 of map"):
        fsq.Demonstrations.of([[(0, 1)], [(0, 1), (2, 1)]]).counts(CORRIDOR)
    with pytest.raises(ValueError, match=r"trajectories\[1\] has no steps; leave it out"):
        fsq.Demonstrations.of([[(0, 1)], []])
    with pytest.raises(ValueError, match="demonstrations holds no steps; at least one is needed"):
        fsq.Demonstrations.of([]).counts(CORRIDOR)
    # One may not go on from a step that ended the episode, even where it leads to a state that is not terminal.
    round_trip = fsq.TabularMDP([[0, 0]], [[-1.0, -1.0]], [[False, True]], start=0)
    assert fsq.Demonstrations.of([[(0, 0), (0, 1)]]).counts(round_trip).tolist() == [[1.0, 1.0]]
    with pytest.raises(ValueError, match="state 0 cannot follow action 1"):
        fsq.Demonstrations.of([[(0, 1), (0, 0)]]).counts(round_trip)


def test_examples():
    assert doctest.testmod(demonstrations).failed == 0
