"""`fastsoftq worlds`: what it lists, in which forms, and what it refuses."""

import csv
import io
import json

import pytest

import fastsoftq as fsq


def test_one_world_with_its_options(fastsoftq):
    done = fastsoftq("worlds", "deep_sea", "size=4", "stochastic=true", "--json", "--discount", "0.9")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    mdp = fsq.deep_sea(4, stochastic=True)
    assert (row["world"], row["states"], row["actions"], row["outcomes"]) == ("deep_sea", 20, 2, 2)
    assert row["value"] == pytest.approx(fsq.value_iteration(mdp, 0.9).v[0], rel=1e-12)
    assert float(row["diameter"]) == pytest.approx(fsq.diameter(mdp).low, rel=1e-3)
    assert row["gap"] == pytest.approx(fsq.value_gap(mdp, 0.9), rel=1e-12)
    assert row["horizon"] == fsq.effective_horizon(mdp, 0.9)


def test_as_csv_and_as_text(fastsoftq):
    done = fastsoftq("worlds", "frozen_lake", "map_name=8x8", "is_slippery=false", "--csv")
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert (row["world"], row["states"], row["diameter"]) == ("frozen_lake", "64", "13")
    text = fastsoftq("worlds", "chain").stdout.splitlines()
    headings = ["world", "states", "actions", "outcomes", "value", "diameter", "value gap", "effective horizon"]
    assert text[0].split() == " ".join(headings).split()
    assert text[1].split()[:4] == ["chain", "5", "2", "2"]
    assert text[2] == "value, gap and horizon at discount 0.99"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["deep_see"], "world is 'deep_see'; did you mean 'deep_sea'?"),
        (["deep_sea", "size=0"], "deep_sea.size is 0; it must be at least 1"),
        (["deep_sea", "siz=3"], "deep_sea.siz is not known; did you mean 'size'?"),
        (["dyna_maze", "layout=shortcut", "changes_at=10"], "dyna_maze changes at an episode; leave changes_at out"),
        (["deep_sea", "size"], "option is 'size'; it must be like size=20"),
        (["deep_sea", "size=3", "size=4"], "option is 'size=4', and size is given before it; each may be given once"),
        (["chain", "--discount", "1"], "--discount is 1.0; it must lie in [0, 1)"),
        (["chain", "--json", "--csv"], "--json is given with --csv; give one of them"),
        (["garnet", "states=5"], "garnet.actions is missing"),
    ],
)
def test_what_is_refused_is_told_in_one_line(refused, arguments, message):
    done = refused("worlds", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
