"""`reproduce` runs an experiment's study like any other: it is resumed, extended, refused and shared out."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.studies import open_results
from fastsoftq.studies.inspect import verify

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
SMALL = ["--seeds", "70", "--episodes", "30", "--max-steps", "40", "--threads", "2"]
FOUND = ("curves.npz", "findings.json", "summary.csv", "result_a.svg", "result_b.png")


def command(*arguments):
    return [sys.executable, "-m", "fastsoftq", "reproduce", *map(str, arguments)]


@pytest.fixture(scope="module")
def reproduce(fastsoftq):
    def reproduced(*arguments, status=0):
        done = fastsoftq("reproduce", *arguments)
        assert done.returncode == status, done.stderr
        return done

    return reproduced


def found(folder):
    """What an experiment found, as bytes by file name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.suffix != ".html"}


def same(one, other):
    """Whether two folders hold the same findings and results."""
    pair = [found(one), found(other)]
    for files in pair:
        for name in ("run.json", "study.json"):  # which tell when and how long
            files.pop(name, None)
    return pair[0] == pair[1] and verify(one).digest == verify(other).digest is not None


@pytest.fixture(scope="module")
def whole(tmp_path_factory, reproduce):
    folder = tmp_path_factory.mktemp("whole")
    done = reproduce(*SMALL, "--out", folder)
    assert done.stderr == ""
    assert "cliff-walking: 490 of 490 runs (100%)" in done.stdout
    assert "Report: " in done.stdout
    assert set(FOUND) < set(found(folder))
    return folder


def test_the_study_beside_the_findings_is_what_was_trained(whole):
    results = open_results(whole)
    curves = fsq.train(fsq.cliff_walking(), results.agent("cliff/soft_k10"), 70, 30, 40, keep_q=True)
    np.testing.assert_array_equal(results.curves("cliff/soft_k10").returns, curves.returns)
    np.testing.assert_array_equal(results.tables("cliff/soft_k10"), curves.final_q)
    exported = np.load(whole / "curves.npz")
    np.testing.assert_array_equal(exported["soft_k10_returns"], curves.returns)


def test_parts_make_the_whole_and_the_last_of_them_says_what_was_found(whole, tmp_path, reproduce):
    out = tmp_path / "out"
    first = reproduce(*SMALL, "--out", out, "--part", "2/2")
    assert "280 runs of 4 conditions are missing; run the other parts, then this again" in first.stdout
    assert "Report" not in first.stdout
    assert not (out / "findings.json").exists()
    assert "Report: " in reproduce(*SMALL, "--out", out, "--part", "1/2").stdout
    assert same(out, whole)


def test_an_experiment_without_a_study_is_the_first_parts(tmp_path, reproduce):
    small = ["posterior", "--seeds", "2", "--episodes", "3", "--out", tmp_path]
    assert "part 1/3 sees to it" in reproduce(*small, "--part", "2/3").stdout
    assert not (tmp_path / "posterior").exists()
    reproduce(*small, "--part", "1/3")
    assert (tmp_path / "posterior" / "findings.json").is_file()


def test_more_seeds_extend_and_what_is_there_is_not_trained_again(whole, tmp_path, reproduce):
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")  # as is what else lies there
    (out / "summary.csv").write_text("of an earlier version")
    fewer = ["--seeds", "20", *SMALL[2:]]
    reproduce(*fewer, "--out", out, "--part", "1/2")
    steps = sum(open_results(out).steps(name) for name in open_results(out).conditions)
    done = reproduce(*SMALL, "--out", out)
    total = sum(open_results(out).steps(name) for name in open_results(out).conditions)
    assert f": {total - steps:,} steps" in done.stdout
    assert (out / "notes.txt").read_text() == "mine"
    (out / "notes.txt").unlink()
    assert same(out, whole)
    back = reproduce(*fewer, "--out", out, status=2)
    assert back.stderr.count("\n") == 1
    assert "it has 70 seeds, and 20 are asked for here" in back.stderr


def test_other_settings_are_refused_before_anything_is_trained(whole, reproduce):
    before = found(whole)
    done = reproduce("posterior", "cliff-walking", *SMALL, "--episodes", "31", "--out", whole, status=2)
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert f"{whole} holds another study's results: episodes is 30 there and 31 here. " in done.stderr
    assert "anything else needs another folder" in done.stderr
    assert found(whole) == before
    assert not (whole / "posterior").exists()


@pytest.mark.parametrize("part", ["0/2", "3/2", "x", "1/0"])
def test_a_part_that_is_none_is_refused(tmp_path, refused, part):
    done = refused("reproduce", "posterior", "--part", part, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "part is" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_killed_midway_and_taken_up_again_it_finds_the_same(whole, tmp_path, reproduce):
    settings = ["posterior", "cliff-walking", "--seeds", "70", "--episodes", "30", "--max-steps", "40"]
    out = tmp_path / "killed"
    for moment in ("done/3.0", "curves.npz"):
        process = subprocess.Popen(
            command(*settings, "--out", out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT
        )
        until = time.monotonic() + 120
        while not (out / moment).exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.001)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() in (-signal.SIGKILL, 0)
    reproduce(*settings, "--out", out)
    assert same(out, whole)
    assert not any((out / "tmp").iterdir())
    assert (out / "posterior" / "findings.json").is_file()


def test_networks_alone_are_refused_a_device_that_they_cannot_learn_on(tmp_path, reproduce):
    done = reproduce("deep", "--device", "cuda", "--out", tmp_path / "out", status=2)
    assert "device is 'cuda'; deep agents train on processors only" in done.stderr
    assert not (tmp_path / "out").exists()
