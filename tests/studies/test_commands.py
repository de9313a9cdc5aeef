import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fastsoftq.studies.inspect import verify

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "120"}
STUDY = """\
name = "commands"
episodes = 20
seeds = 300
max_steps = 60
[environments.cliff]
kind = "cliff_walking"
width = 5
[agents.hard]
kind = "q_learning"
step_size = 0.8
discount = 0.95
[agents.soft]
kind = "soft_q_learning"
step_size = 0.8
discount = 0.95
reward_scale = [2, 5]
"""


def command(*arguments):
    return [sys.executable, "-m", "fastsoftq", *map(str, arguments)]


@pytest.fixture
def study(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    return path


def test_run_status_verify(study, tmp_path, fastsoftq):
    out = tmp_path / "out"
    first = fastsoftq("run", study, "--out", out, "--part", "1/2", "--chunk", "64", "--threads", "1")
    assert first.returncode == 0, first.stderr
    assert "472 of 472 runs computed, 0 found whole" in first.stdout  # chunks of 64 runs, the last of 44
    seen = fastsoftq("status", out)
    assert seen.returncode == 0
    assert re.search(r"cliff/soft\[reward_scale=5\]: \d+ of 300 runs", seen.stdout)
    assert "unfinished, and no run on this file system is at it" in seen.stdout
    missing = fastsoftq("verify", out)
    assert missing.returncode == 1
    assert missing.stdout.count("missing: cliff/") == 7

    assert fastsoftq("run", study, "--out", out).returncode == 0
    good = fastsoftq("verify", out)
    assert good.returncode == 0
    assert re.fullmatch(r"[0-9a-f]{64}\n", good.stdout)

    path = out / "results.zarr" / "lengths" / "c" / "0" / "0" / "0"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    bad = fastsoftq("verify", out)
    assert (bad.returncode, bad.stdout) == (1, "damaged: results.zarr/lengths/c/0/0/0\n")
    mended = fastsoftq("run", study, "--out", out)
    assert "damaged, and written anew: results.zarr/lengths/c/0/0/0" in mended.stdout
    assert fastsoftq("verify", out).stdout == good.stdout


def test_extending_says_what_was_kept_in_runs(study, tmp_path, fastsoftq):
    out = tmp_path / "out"
    assert "900 of 900 runs computed, 0 found whole, in " in fastsoftq("run", study, "--out", out).stdout
    study.write_text(STUDY.replace("seeds = 300", "seeds = 400"))  # 100 more of each of three conditions
    assert "300 of 1,200 runs computed, 900 found whole, in " in fastsoftq("run", study, "--out", out).stdout
    assert "0 of 1,200 runs computed, 1,200 found whole, in " in fastsoftq("run", study, "--out", out).stdout


@pytest.mark.parametrize(
    ("old", "new", "options", "words"),
    [
        ("step_size", "step_sise", [], ["study.toml, line 10: agents.hard.step_sise", "did you mean 'step_size'"]),
        ("", "", ["--part", "3"], ["--part is '3'; it must be like 3/40"]),
        ("", "", ["--part", "3/2"], ["part is 3/2; it must be from 1/2 to 2/2"]),
        ("", "", ["--threads", "0"], ["threads is 0; it must be at least 1"]),
        ("", "", ["--chunk", "0"], ["chunk is 0; it must be at least 1"]),
    ],
)
def test_bad_input_is_one_line_and_exit_status_2(study, tmp_path, refused, old, new, options, words):
    study.write_text(STUDY.replace(old, new, 1))
    done = refused("run", study, "--out", tmp_path / "out", *options)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert all(word in done.stderr for word in words), done.stderr
    assert not (tmp_path / "out").exists()


def test_another_folder_or_no_file_is_exit_status_2(study, tmp_path, fastsoftq):
    assert fastsoftq("run", study, "--out", tmp_path).returncode == 2  # it holds study.toml
    assert fastsoftq("run", tmp_path / "none.toml", "--out", tmp_path / "out").returncode == 2
    assert fastsoftq("verify", tmp_path).returncode == 2


def test_a_full_disk_is_a_clean_error_and_a_later_resume(study, tmp_path, fastsoftq):
    study.write_text(STUDY.replace("episodes = 20", "episodes = 400"))
    small = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))"
    out = tmp_path / "out"
    full = fastsoftq("run", study, "--out", out, "--chunk", "64", before=small)
    assert full.returncode == 1
    assert full.stderr.count("\n") == 1
    assert "File too large" in full.stderr
    assert f"What was done stays done; go on with: fastsoftq run {study} --out {out}" in full.stderr
    assert fastsoftq("run", study, "--out", out).returncode == 0
    assert fastsoftq("run", study, "--out", tmp_path / "other").returncode == 0
    assert verify(out).digest == verify(tmp_path / "other").digest


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(study, tmp_path):
    study.write_text(STUDY.replace("seeds = 300", "seeds = 20000").replace("episodes = 20", "episodes = 1000"))
    out = tmp_path / "out"
    process = subprocess.Popen(
        command("run", study, "--out", out, "--chunk", "512"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    until = time.monotonic() + 60
    while not any(out.glob("done/*")) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"go on with: fastsoftq run {study} --out {out} --chunk 512" in stdout + stderr
    assert "Traceback" not in stderr
    assert not any(out.glob("tmp/*"))
    assert not any(out.glob("claims/*"))
    found = verify(out)
    assert found.damaged == ()
    assert found.missing


def test_a_terminal_gets_a_table(study, tmp_path):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command("run", study, "--out", tmp_path / "out"),
        stdout=theirs,
        stderr=theirs,
        env={**ENVIRONMENT, "TERM": "xterm"},
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert process.wait(60) == 0
    for words in ("commands in", "condition", "cliff/soft[reward_scale=5]", "300 / 300", "900 / 900", "steps/s"):
        assert words in shown.decode()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--out", "study.toml"], "out is 'study.toml'; it is not a folder, nor can it be one"),
        (["--out", "study.toml/below"], "out is 'study.toml/below'; it is not a folder, nor can it be one"),
        (["--out", ""], "must be a path or a URL"),
        (["--out", "out", "--threads", "2000"], "threads is 2000; it must be at most 1024"),
        (["--out", "out", "--dask", ""], "dask is ''; it must be 'local' or an address"),
        (["--out", "out", "--dask", "nowhere://x"], "dask is 'nowhere://x'; it must be 'local' or an address"),
    ],
)
def test_what_cannot_be_run_is_one_line_and_exit_status_2(study, tmp_path, refused, arguments, words):
    done = refused("run", study, *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert words in done.stderr


@pytest.mark.parametrize("command", [["run"], ["tune", "--trials", "2"]])
@pytest.mark.parametrize("out", ["nowhere", "loop", "a" * 300])
def test_a_place_where_no_folder_can_be_is_said_before_anything_runs(study, tmp_path, refused, command, out):
    (tmp_path / "nowhere").symlink_to("missing")
    (tmp_path / "loop").symlink_to("loop")
    if "tune" in command:
        pytest.importorskip("optuna")
        tuned = "select = { tune = 18, test = 20 }\n" + STUDY.replace("seeds = 300\n", "")
        study.write_text(f"{tuned}\n[tune.agents.hard]\nstep_size = {{ choices = [0.2, 0.5] }}\n")
    done = refused(*command, study, "--out", out, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"fastsoftq: out is '{out}'; ")
    assert done.stderr.count("\n") == 1
    assert "What was done" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["loop", "nowhere", "study.toml"]


def test_a_study_that_is_no_text_is_named(study, tmp_path, fastsoftq):
    study.write_bytes(b"\xff\xfe")
    done = fastsoftq("run", study, "--out", tmp_path / "out")
    assert (done.returncode, done.stderr) == (2, "fastsoftq: study.toml: not text in UTF-8\n")


def test_a_warning_is_one_line(study, tmp_path, fastsoftq):
    study.write_text(STUDY.replace("reward_scale = [2, 5]\n", ""))
    done = fastsoftq("run", study, "--out", tmp_path / "out", "--chunk", "64", "--threads", "2")
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("fastsoftq: reward_scale / temperature is 1, not above cliff_walking's critical")


def test_a_folder_of_this_machine_may_be_a_url(study, tmp_path, fastsoftq):
    study.write_text(STUDY.replace("seeds = 300", "seeds = 3"))
    url = f"file://{tmp_path}/out"
    done = fastsoftq("run", study, "--out", url)
    assert f"Report: {tmp_path}/out/report.html\n" in done.stdout
    done = fastsoftq("export", url, "--to", "csv")
    assert done.stdout == f"Export: {tmp_path}/out/runs.csv, 9 rows of 3 conditions\n"
    assert len((tmp_path / "out" / "runs.csv").read_text().splitlines()) == 10


def test_a_study_of_one_seed_has_no_report_and_says_so(study, tmp_path, fastsoftq):
    study.write_text(STUDY.replace("seeds = 300", "seeds = 1"))
    for _ in range(2):
        done = fastsoftq("run", study, "--out", tmp_path / "out")
        assert (done.returncode, done.stderr) == (0, "")
        assert "No report: " in done.stdout
        assert "a report needs two or more" in done.stdout
    report = fastsoftq("report", tmp_path / "out")
    assert report.returncode == 2
    assert report.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--against", " "], "--against is empty; it must be an agent, an algorithm or a condition"),
        (["--measure", "last:10", "--measure", "last:010"], "--measure is 'last:010', as 'last:10' before it"),
        (["--measure", "lst:10"], "measure is 'lst:10'; did you mean 'last[:N]'?"),
    ],
)
def test_a_report_that_cannot_be_meant_is_one_line_and_exit_status_2(tmp_path, refused, options, words):
    done = refused("report", tmp_path, *options)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert words in done.stderr


def test_seeds_cannot_be_planned_from_one_and_it_says_so(study, fastsoftq):
    study.write_text(STUDY.replace("seeds = 300", "seeds = 1"))
    done = fastsoftq("plan", study, "--difference", "1")
    assert done.returncode == 2
    assert done.stderr == "fastsoftq: difference is 1; the pilot has one run of each condition, and must have two\n"
