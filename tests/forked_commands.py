"""The command `fastsoftq` many times, each in a process of its own, forked from one that has imported it already."""

import json
import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
FORKING = """\
import contextlib, gc, io, json, os, sys, traceback
from fastsoftq.__main__ import main
from fastsoftq.studies import estimating, running

for command in "reproduce all --seeds 2147483647", "run . --out .", "report .":  # all of it is imported, and refused
    sys.argv = ["fastsoftq", *command.split()]
    with contextlib.suppress(SystemExit), contextlib.redirect_stderr(io.StringIO()):
        main()
gc.freeze()


def ended(arguments, place, streams, before):
    os.chdir(place)
    for number, path in enumerate(streams):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), number)
    sys.argv = ["fastsoftq", *arguments]
    try:
        exec(before, {})
        main()
    except SystemExit as end:
        return end.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


for line in sys.stdin:
    process = os.fork()
    if not process:  # which ends without taking down all that was imported: it would be copied for that
        status = ended(*json.loads(line))
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.flush()
        os._exit(status)
    print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)
"""


class ForkedCommands:
    """Called with arguments, it runs the command, and returns what `subprocess.run` would.

    `before` is code that the process runs first. Whatever it is that a test needs of a process itself, its variables or
    signals, say, or that nothing is imported, it starts one for.
    """

    def __init__(self):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
        command = [sys.executable, "-c", FORKING]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def __call__(self, *arguments, cwd=".", before=""):
        with tempfile.TemporaryDirectory() as folder:
            out, error = Path(folder, "out"), Path(folder, "error")
            asked = [*map(str, arguments)], str(cwd), [os.devnull, str(out), str(error)], before
            print(json.dumps(asked), file=self._process.stdin, flush=True)
            assert select.select([self._process.stdout], [], [], 300)[0], f"{arguments} takes too long"
            status = int(self._process.stdout.readline())
            return subprocess.CompletedProcess(asked[0], status, out.read_text(), error.read_text())

    def close(self):
        """End the process that forks."""
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()
