import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

import fastsoftq as fsq
from fastsoftq import __version__
from fastsoftq.cli.options import check_folder
from fastsoftq.experiments import DEFAULT, EXPERIMENTS, chosen
from fastsoftq.report.reader import read_results
from fastsoftq.studies import Study, run
from fastsoftq.studies.inspect import verify

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
SMALL = ["--seeds", "3", "--episodes", "12", "--max-steps", "40"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--seeds", "0"], ["seeds is 0", "at least 2"]),
        (["--seeds", "1"], ["seeds is 1", "at least 2"]),
        (["--seeds", "-3"], ["seeds is -3"]),
        (["--seeds", "ten"], ["--seeds", "ten"]),
        (["--seeds", "1.5"], ["--seeds", "1.5"]),
        (["--episodes", "0"], ["episodes is 0", "at least 1"]),
        (["--max-steps", "0"], ["max_steps is 0", "at least 1"]),
        (["--max-steps", 2**31], ["max_steps is 2147483648", "at most 2147483647"]),
        (["--threads", "0"], ["threads is 0", "at least 1"]),
        (["--threads", 2**40], ["threads is 1099511627776", "at most 1024"]),
        (["--episodes", 2**70], ["episodes is 1180591620717411303424", "at most 2147483647"]),
        (["--seeds", 2**70], ["seeds is 1180591620717411303424", "at most"]),
        (["--seeds", 2**31], ["seeds is 2147483648", "at most 2147483647"]),
        (["--seeds", 2**31 - 1], ["seeds is 2147483647", "memory", "available", "fewer seeds"]),
        (["all", "--seeds", 2**31 - 1], ["seeds is 2147483647", "memory", "available", "fewer seeds"]),
        (["posterior", "--seeds", 2**31 - 1], ["size is 2147483647", "memory", "available"]),
        (["cliff-waking"], ["cliff-waking", "did you mean 'cliff-walking'"]),
        (["cliff-walking", "nonsense"], ["nonsense", "'cliff-walking'"]),
        (["--seed", "3"], ["--seed", "--seeds"]),
        (["--out"], ["--out"]),
        (["--out", ""], ["--out", "empty"]),
    ],
)
def test_bad_input_is_one_line_and_exit_status_2(tmp_path, refused, arguments, words):
    done = refused("reproduce", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert all(word in done.stderr for word in words), done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_many_may_ask_for_a_folder_at_once(tmp_path):
    """What asks whether files can be written makes no folder, which another might be using when it is removed."""
    check_folder(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_command_is_one_line_and_exit_status_2(fastsoftq):
    done = fastsoftq("reprodcue")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "reprodcue" in done.stderr


@pytest.mark.parametrize("place", ["a file", "below a file"])
def test_an_output_folder_that_cannot_be_is_said_before_training(tmp_path, refused, place):
    (tmp_path / "file").touch()
    out = tmp_path / "file" if place == "a file" else tmp_path / "file" / "results"
    done = refused("reproduce", "--seeds", 20000, "--out", out)  # would take minutes if it began
    assert done.returncode == 2
    assert done.stderr == f"fastsoftq: out is '{out}'; it is not a folder, nor can it be one\n"


@pytest.mark.parametrize(
    "arguments", [["report", ""], ["report", ".", ""], ["report", ".", "--out", ""], ["status", ""], ["verify", ""]]
)
def test_an_empty_path_is_not_the_current_folder(tmp_path, refused, arguments):
    done = refused(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "must be a path" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [["reproduce", "--out", "s3://bucket/a"], ["report", "s3://bucket/a"], ["run", "s3://bucket/a", "--out", "b"]],
)
def test_a_url_is_no_path(tmp_path, refused, arguments):
    done = refused(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "'s3://bucket/a' is a URL; it must be a path" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("out", "words"), [(".", "is a folder"), ("none/page.html", "there is no folder 'none'")])
def test_a_page_that_cannot_be_written_is_said_before_it_is_made(tmp_path, refused, out, words):
    done = refused("report", ".", "--out", out, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"out is '{out}'; " in done.stderr
    assert words in done.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_said_before_training(tmp_path, fastsoftq):
    tmp_path.chmod(0o500)
    done = fastsoftq("reproduce", "--seeds", 20000, "--out", tmp_path)
    assert done.returncode == 2
    assert "Permission denied" in done.stderr


def test_the_same_arguments_write_the_same_bytes_whatever_the_threads(tmp_path, fastsoftq):
    contents, digests = [], set()
    for i, threads in enumerate((1, 2, 2)):
        done = fastsoftq("reproduce", *SMALL, "--threads", threads, "--out", tmp_path / f"{i}")
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""  # no bar where nobody watches
        assert "1.3376435" in done.stdout
        files = {path.name: path.read_bytes() for path in (tmp_path / f"{i}").iterdir() if path.is_file()}
        assert files.pop("study.json").startswith(b'{"cells"')
        digests.add(verify(tmp_path / f"{i}").digest)
        assert json.loads(files.pop("run.json"))["threads"] == threads
        assert b"Hard against soft" in files.pop("report.html")  # which tells of run.json
        contents.append(files)
    assert set(contents[0]) == {f"result_{x}.{kind}" for x in "ab" for kind in ("svg", "png")} | {
        "curves.npz",
        "findings.json",
        "summary.csv",
    }
    assert contents[0] == contents[1] == contents[2]
    assert len(digests - {None}) == 1


def test_ctrl_c_ends_it_with_130_and_says_how_to_go_on(tmp_path):
    terminal, end = pty.openpty()
    out = tmp_path / "new" / "out"
    arguments = ["reproduce", "--seeds", "20000", "--out", str(out)]
    with subprocess.Popen(
        [sys.executable, "-m", "fastsoftq", *arguments],
        stdout=subprocess.PIPE,
        stderr=end,
        env={**ENVIRONMENT, "TERM": "xterm", "COLUMNS": "120"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        os.close(end)
        shown = b""
        deadline = time.monotonic() + 120
        while b"M steps/s" not in shown and time.monotonic() < deadline:  # all is compiled, and training
            shown += _read(terminal)
        process.send_signal(signal.SIGINT)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            shown += _read(terminal)
        process.kill()
        printed = process.stdout.read().decode()
    shown += _read(terminal)
    os.close(terminal)
    assert process.returncode == 130
    assert b"interrupted" in shown
    assert b"Traceback" not in shown
    assert f"go on with: fastsoftq {' '.join(arguments)}" in printed
    assert not any((out / "tmp").glob("*"))
    assert not any((out / "claims").glob("*"))
    assert verify(out).damaged == ()
    assert not (out / "findings.json").exists()


def test_ctrl_c_ends_it_even_while_the_main_thread_does_not_listen(tmp_path):
    script = (
        "import hashlib\n"
        "from fastsoftq.cli.app import main\n"
        "from fastsoftq.experiments import Experiment\n"
        "def run(*arguments):\n"
        "    print('begun', flush=True)\n"
        "    hashlib.pbkdf2_hmac('sha256', b'', b'', 10**9)\n"  # minutes of compiled code
        "Experiment.study, Experiment.analyse = lambda *arguments: None, run\n"
        "main()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, "reproduce", "--out", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(timeout=60) == 130
        finally:
            process.kill()
        assert process.stderr.read() == b"fastsoftq: interrupted\n"


# Presses Ctrl-C when a module is imported, or at the very end.
PRESS = """
import atexit, os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
class Press:
    def press(self): os.kill(os.getpid(), signal.SIGINT)
    def find_spec(self, name, *_):
        if name == {moment!r}: exec("self.press()")  # an interrupted exec makes Python end by the signal
sys.meta_path.insert(0, Press())
if {moment!r} == "the end": atexit.register(Press().press)
"""


@pytest.mark.parametrize("moment", ["fastsoftq.cli.app", "typer", "fastsoftq.experiments.hard_or_soft", "the end"])
def test_ctrl_c_ends_it_with_130_and_one_line_whenever_it_comes(tmp_path, moment):
    (tmp_path / "sitecustomize.py").write_text(PRESS.format(moment=moment), encoding="utf-8")
    arguments = ["list"] if moment == "the end" else ["reproduce", *SMALL, "--out", str(tmp_path / "out")]
    environment = {**ENVIRONMENT, "PYTHONPATH": os.pathsep.join([str(tmp_path), ENVIRONMENT["PYTHONPATH"]])}
    command = [sys.executable, "-m", "fastsoftq", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 130
    assert done.stderr == "fastsoftq: interrupted\n"


def _read(terminal):
    if not select.select([terminal], [], [], 0.1)[0]:
        return b""
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""


def test_a_failing_disk_is_one_line_and_exit_status_1(tmp_path):
    script = (
        "import errno, os, sys\n"
        "def full(*arguments): raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "os.fsync = full\n"
        "from fastsoftq.cli.app import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "reproduce", *SMALL, "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        env=ENVIRONMENT,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "No space left" in done.stderr
    assert "What was done stays done; go on with: fastsoftq reproduce" in done.stderr
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_report_says_which_folder_has_no_results(tmp_path, fastsoftq):
    for folder, words in ((tmp_path / "nowhere", "no such folder"), (tmp_path, "findings.json")):
        done = fastsoftq("report", folder)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert str(folder) in done.stderr
        assert words in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_report_reads_a_study_from_the_copy_of_its_plan(tmp_path):
    world = {"cliff": fsq.cliff_walking()}
    study = Study(name="small", environments=world, agents={"hard": fsq.QLearning(0.8, 0.95)}, seeds=8, episodes=5)
    run(study, tmp_path / "out")
    (tmp_path / "out" / "study.json").unlink()
    (found,) = read_results(tmp_path / "out")
    assert [agent.label for agent in found.agents] == ["hard"]


def test_list_names_every_experiment(fastsoftq):
    done = fastsoftq("list")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(EXPERIMENTS)


def test_every_experiment_is_there_and_every_name_chosen_once():
    assert chosen([]) == [DEFAULT]
    assert chosen(["all"]) == chosen([*EXPERIMENTS, DEFAULT, "all"]) == list(EXPERIMENTS)
    for experiment in EXPERIMENTS.values():
        assert callable(experiment.load().analyse)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("tune", "A study with a table [tune.agents.NAME]."),  # and not taken for markup
        ("worlds", "worlds [OPTIONS] [WORLD] [OPTION=VALUE]..."),
    ],
)
def test_help_shows_brackets(fastsoftq, command, words):
    assert words in fastsoftq(command, "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plan", "none.toml", "--difference", "much"], "'--difference': 'much' is not a number"),
        (["worlds", "--discount", ""], "'--discount': '' is not a number"),
        (["verify", ".", "--threads", "two"], "'--threads': 'two' is not an integer"),
        (["run", "none.toml", "--out", "a", "--chunk", "1.5"], "'--chunk': '1.5' is not an integer"),
        (["run", "", "--out", "a"], "'STUDY.toml': it is empty; it must be a path"),
        (["plan", ""], "'STUDY.toml': it is empty; it must be a path"),
        (["tune", "", "--out", "a", "--trials", "2"], "'STUDY.toml': it is empty; it must be a path"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_value(tmp_path, refused, arguments, words):
    done = refused(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert words in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["reproduce", "--help"], []])
def test_help_shows_what_there_is(fastsoftq, arguments):
    done = fastsoftq(*arguments)
    assert done.returncode == 0
    assert done.stderr == ""
    assert ("--threads" if "reproduce" in arguments else "reproduce") in done.stdout


def test_it_tells_its_version(fastsoftq):
    done = fastsoftq("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"fastsoftq {__version__}\n", "")


def test_the_commands_name_their_arguments_as_the_readme_does(fastsoftq):
    for command, name in (("run", "STUDY.toml"), ("status", "DIR"), ("verify", "DIR"), ("report", "DIR")):
        done = fastsoftq(command)
        assert (done.returncode, done.stderr) == (2, f"fastsoftq: Missing argument '{name}'.\n")


def test_the_installed_command_sees_to_ctrl_c_before_all_else():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"] == {"fastsoftq": "fastsoftq.__main__:main"}


def test_completion_offers_the_experiments():
    words = {"COMP_WORDS": "fastsoftq reproduce cliff", "COMP_CWORD": "2", "_FASTSOFTQ_COMPLETE": "complete_bash"}
    script = "import sys; sys.argv[0] = 'fastsoftq'; from fastsoftq.cli.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script], env={**ENVIRONMENT, **words}, capture_output=True, text=True, timeout=60
    )
    assert "cliff-walking" in done.stdout
