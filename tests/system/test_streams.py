"""What is printed is replaced where it cannot be shown, and never stops the work."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fastsoftq.system.streams import shown

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "COLUMNS": "160"}
STUDY = """\
name = "опыт"
episodes = 12
seeds = 3
max_steps = 40
[environments."мир"]
kind = "cliff_walking"
width = 5
[agents."мягкий"]
kind = "soft_q_learning"
step_size = 0.8
discount = 0.95
reward_scale = 5
"""


def fastsoftq(arguments, redirected="", encoding=None):
    """Run the command under a shell that redirects its streams; what it prints comes as bytes."""
    shell = f'exec "$0" -m fastsoftq "$@" {redirected}'
    environment = ENVIRONMENT | ({"PYTHONIOENCODING": encoding} if encoding else {})
    return subprocess.run(
        ["sh", "-c", shell, sys.executable, *map(os.fsencode, arguments)],
        capture_output=True,
        timeout=120,
        env=environment,
        check=False,
    )


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def results(study):
    out = study.parent / "out"
    assert fastsoftq(["run", study, "--out", out]).returncode == 0
    return out


def test_an_encoding_that_lacks_characters_loses_no_results(tmp_path):
    small = ["--seeds", "2", "--episodes", "3", "--max-steps", "40"]
    done = fastsoftq(["reproduce", *small, "--out", tmp_path], encoding="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "summary.csv").is_file()
    assert b"epsilon" in done.stdout  # for ε
    done.stdout.decode("ascii")


def test_nor_does_it_make_good_input_bad(study, tmp_path):
    done = fastsoftq(["run", study, "--out", tmp_path], encoding="latin-1")
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "report.html").is_file()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_names_that_cannot_be_encoded_are_written_as_numbers(encoding, results):
    done = fastsoftq(["status", results], encoding=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"\u043c\u0438\u0440/\u043c\u044f" in done.stdout


@pytest.mark.parametrize(
    ("command", "redirected"),
    [
        *((command, redirected) for command in ("list", "status") for redirected in (">&-", "2>&-", "<&-")),
        ("report", ">&- 2>&-"),
        ("verify", ">&- 2>&- <&-"),
    ],
)
def test_closed_streams_are_no_error(command, redirected, results):
    arguments = [command] if command == "list" else [command, results]
    done = fastsoftq(arguments, redirected)
    assert (done.returncode, done.stderr) == (0, b"")


def test_what_a_run_prints_to_a_closed_stream_does_not_end_in_its_files(study, results, tmp_path):
    assert fastsoftq(["run", study, "--out", tmp_path / "out"], ">&- 2>&- <&-").returncode == 0
    ours, theirs = (fastsoftq(["verify", out]).stdout for out in (tmp_path / "out", results))
    assert ours == theirs != b""


def test_bad_input_is_exit_status_2_though_nobody_hears_why():
    assert fastsoftq(["reprodcue"], "2>&-").returncode == 2


@pytest.mark.parametrize("command", ["list", "status"])
def test_a_reader_that_leaves_early_is_no_error(command, results):
    reads, writes = os.pipe()
    os.close(reads)
    try:
        arguments = [command] if command == "list" else [command, str(results)]
        done = subprocess.run(
            [sys.executable, "-m", "fastsoftq", *arguments],
            stdout=writes,
            stderr=subprocess.PIPE,
            timeout=60,
            env=ENVIRONMENT,
            check=False,
        )
    finally:
        os.close(writes)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
@pytest.mark.parametrize("command", ["list", "verify"])
def test_a_full_disk_is_one_line_and_exit_status_1(command, results):
    done = fastsoftq([command] if command == "list" else [command, results], "> /dev/full")
    assert done.returncode == 1
    assert done.stderr == b"fastsoftq: standard output cannot be written: No space left on device\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_an_error_that_cannot_be_told_keeps_its_exit_status(tmp_path):
    for redirected in ("2> /dev/full", "> /dev/full 2> /dev/full", "2>&-"):
        assert fastsoftq(["verify", tmp_path], redirected).returncode == 2


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="names of files are text there")
def test_a_folder_whose_name_is_no_text_is_a_folder_like_any_other(study, tmp_path):
    for command in (["run", study, "--out"], ["status"], ["report"]):
        done = fastsoftq([*command, f"{tmp_path}/bad\udcffname"])
        assert (done.returncode, done.stderr) == (0, b""), command
    assert rb"bad\xffname/report.html" in done.stdout
    missing = fastsoftq(["report", f"{tmp_path}/\udcff"])
    assert missing.returncode == 2
    assert missing.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("text", "what_is_seen"),
    [
        ("plain, мир\tand\n−1", "plain, мир\tand\n−1"),
        ("\x1b[31mred\x07\r", r"\x1b[31mred\x07\x0d"),
        ("\x9b2Jgone\x00\x7f", r"\x9b2Jgone\x00\x7f"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}drowssap", r"\u202edrowssap"),
    ],
)
def test_a_terminal_is_given_nothing_to_obey(text, what_is_seen):
    assert shown(text) == what_is_seen
