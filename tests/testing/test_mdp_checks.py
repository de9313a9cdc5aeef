"""check_mdp finds and names what is wrong with an MDP, and what is worth knowing."""

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.mdp.graph_search import leading_to, reached_states
from fastsoftq.mdp.tables import alias_table, tables
from fastsoftq.testing import check_mdp
from fastsoftq.testing.sampled_steps import frequencies


def spoilt(field, where, value, mdp=None):
    """An MDP that was right when it was made, with a number changed behind its back."""
    mdp = fsq.cliff_walking(slippery=True) if mdp is None else mdp
    array = getattr(mdp, field).copy()
    array[where] = value
    object.__setattr__(mdp, field, array)
    return mdp


def verdicts(report):
    return {finding.check: finding.verdict for finding in report.findings}


@pytest.mark.parametrize(
    "mdp", [fsq.cliff_walking(), fsq.cliff_walking(slippery=True), fsq.multi_goal()], ids=lambda mdp: mdp.name
)
def test_nothing_is_wrong_with_the_packages_own(mdp):
    report = check_mdp(mdp, strict=True)
    assert report.ok
    assert set(verdicts(report).values()) <= {"ok", "note"}
    assert len(report.findings) == 12


@pytest.mark.parametrize(
    ("check", "mdp", "words"),
    [
        ("probabilities", spoilt("probability", (3, 1, 0), 0.5), r"state 3, action 1 sum to 1\.16666"),
        ("probabilities", spoilt("probability", (3, 1, 0), -0.5), r"probability\[3, 1, 0\] is -0\.5"),
        ("probabilities", spoilt("probability", (3, 1, 0), np.nan), r"probability\[3, 1, 0\] is nan"),
        ("rewards", spoilt("reward", (2, 0, 1), np.nan), r"reward\[2, 0, 1\] is nan"),
        ("rewards", spoilt("reward", (2, 0, 1), np.inf), r"reward\[2, 0, 1\] is inf"),
        ("next states", spoilt("next_state", (2, 0, 1), 48), r"next_state\[2, 0, 1\] is 48.*0\.\.47"),
        ("starts", spoilt("start", 36, 0.5), r"start sums to 0\.5"),
        ("starts", spoilt("start", [35, 36], [-0.5, 1.5]), r"start\[35\] is -0\.5"),
        ("starts", spoilt("start", 36, np.nan), r"start\[36\] is nan"),
        ("starts", spoilt("start", [36, 47], [0.5, 0.5]), "state 47 is terminal, and a start"),
    ],
)
def test_what_is_wrong_is_named(check, mdp, words):
    report = check_mdp(mdp)
    assert [finding.check for finding in report.wrong] == [check]
    assert not report.ok
    with pytest.raises(AssertionError, match=rf"{check}: .*{words}"):
        report.raise_if_wrong()
    with pytest.raises(AssertionError, match=words):
        check_mdp(mdp, strict=True)


def test_steps_that_do_not_follow_the_tables_are_found():
    mdp = fsq.cliff_walking(slippery=True)
    assert frequencies(mdp, tables(mdp))[0] == ""
    p = mdp.probability.copy()
    p[5, 2] = [0.5, 0.25, 0.25]
    bent = tables(mdp)._replace(outcome=alias_table(p.reshape(-1, 3)))
    assert frequencies(mdp, bent)[0].startswith("state 5, action 2: outcome ")
    reward = mdp.reward.ravel().copy()
    reward[(7 * 4 + 1) * 3 : (7 * 4 + 1) * 3 + 3] = -2.0
    assert frequencies(mdp, tables(mdp)._replace(reward=reward))[0].startswith("action 1 in state 7 had an outcome")
    elsewhere = tables(mdp)._replace(start=3)
    assert frequencies(mdp, elsewhere)[0].startswith("the start: state ")


def test_a_small_difference_is_found():
    p = np.array([[[0.30, 0.70]], [[0.5, 0.5]]])
    mdp = fsq.TabularMDP([[[0, 1]], [[0, 1]]], 0.0, False, p)
    bent = tables(mdp)._replace(outcome=alias_table(np.array([[0.45, 0.55], [0.5, 0.5]])))
    assert "0.3" in frequencies(mdp, bent)[0]


def test_dead_ends_and_walled_off_states():
    report = check_mdp(fsq.from_map(["S.#.", "..#G"]))
    assert verdicts(report)["dead ends"] == "note"
    assert report["dead ends"].found == "from 4 states, such as 0, no terminal outcome can be reached"
    assert report["unreachable states"].found.startswith("2 states, such as 2,")
    assert report["discount 1"].found.startswith("not safe")


def test_a_forgotten_end_is_told():
    """State 1 keeps itself and pays nothing, but nothing terminates there."""
    mdp = fsq.TabularMDP(
        [[0, 1, 2], [1, 1, 1], [2, 2, 2]],
        [[-1.0, 0.0, 0.0]] + [[0.0] * 3] * 2,
        [[False, False, True]] + [[False] * 3] * 2,
    )
    report = check_mdp(mdp)
    assert report["absorbing states"].verdict == "note"
    assert report["absorbing states"].found.startswith("1 state, such as 1,")
    assert report["dead ends"].found.startswith("from 1 state, such as 1,")
    assert report.ok


def test_a_continuing_task_is_no_fault():
    report = check_mdp(fsq.TabularMDP([[0, 0]], [[1.0, 0.0]], False))
    assert report.ok
    assert verdicts(report)["terminal states"] == "note"
    assert verdicts(report)["dead ends"] == "skipped"
    assert verdicts(report)["discount 1"] == verdicts(report)["critical reward scale"] == "note"


def test_critical_reward_scale_and_memory_are_told():
    mdp = fsq.cliff_walking()
    report = check_mdp(mdp)
    assert "above 1.33764" in report["critical reward scale"].found
    assert "best from the start is -12" in report["discount 1"].found.replace("\N{MINUS SIGN}", "-")
    assert report["memory"].found.endswith("1.5 KiB for each run's table")


def test_reachability_against_a_plain_search():
    rng = np.random.default_rng(0)
    for _ in range(50):
        n = int(rng.integers(1, 9))
        shape = n, 2, 2
        p = np.where(rng.random(shape) < 0.3, 0.0, 1.0)
        p[:, :, 0] += p.sum(axis=2) == 0
        p /= p.sum(axis=2, keepdims=True)
        start = int(rng.integers(n))
        mdp = fsq.TabularMDP(rng.integers(0, n, shape), -1.0, rng.random(shape) < 0.3, p, start)
        outcomes = [[one for a in range(2) for one in mdp.outcomes(s, a)] for s in range(n)]
        open_moves = [{one.next_state for one in found if not one.terminated} for found in outcomes]
        every_move = [{one.next_state for one in found} for found in outcomes]
        walked = {start}
        while len(wider := walked.union(*(open_moves[s] for s in walked))) > len(walked):
            walked = wider
        going_on, entered = reached_states(mdp)
        assert set(np.flatnonzero(going_on)) == walked
        assert set(np.flatnonzero(entered)) == walked.union(*(every_move[s] for s in walked))
        goals = rng.random(n) < 0.3
        good = set(np.flatnonzero(goals))
        while len(wider := good | {s for s in range(n) if open_moves[s] & good}) > len(good):
            good = wider
        assert set(np.flatnonzero(leading_to(mdp, goals))) == good


def test_no_mdp_is_refused():
    with pytest.raises(TypeError, match="mdp is 3; it must be a TabularMDP"):
        check_mdp(3)
    with pytest.raises(TypeError, match="strict is 1"):
        check_mdp(fsq.cliff_walking(), strict=1)


def test_it_prints_and_shows_itself():
    report = check_mdp(spoilt("reward", (0, 0, 0), np.nan))
    lines = str(report).splitlines()
    assert lines[0].endswith(": 1 thing is wrong")
    assert max(map(len, lines)) <= 120
    html = report._repr_html_()
    assert html.count("<tr>") == 1 + len(report.findings)
    assert "what to do" in html
    with pytest.raises(KeyError, match="is no check"):
        report["colour"]
