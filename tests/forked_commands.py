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
import contextlib, io, json, os, sys
from fastsoftq.__main__ import main

for command in "reproduce all --seeds 2147483647", "run . --out .", "report .":  # all of it is imported, and refused
    sys.argv = ["fastsoftq", *command.split()]
    with contextlib.suppress(SystemExit), contextlib.redirect_stderr(io.StringIO()):
        main()
for line in sys.stdin:
    arguments, place, streams = json.loads(line)
    process = os.fork()
    if not process:
        os.chdir(place)
        for number, path in enumerate(streams):
            os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), number)
        sys.argv = ["fastsoftq", *arguments]
        try:
            main()
        except SystemExit as end:  # without taking down all that was imported, which would be copied for it
            sys.stdout.flush()
            os._exit(end.code)
    print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)
"""


class ForkedCommands:
    """Called with arguments, it runs the command, and returns what `subprocess.run` would: for what is soon refused."""

    def __init__(self):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
        command = [sys.executable, "-c", FORKING]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def __call__(self, *arguments, cwd="."):
        with tempfile.TemporaryDirectory() as folder:
            out, error = Path(folder, "out"), Path(folder, "error")
            asked = [*map(str, arguments)], str(cwd), [os.devnull, str(out), str(error)]
            print(json.dumps(asked), file=self._process.stdin, flush=True)
            assert select.select([self._process.stdout], [], [], 300)[0], f"{arguments} takes too long"
            status = int(self._process.stdout.readline())
            return subprocess.CompletedProcess(asked[0], status, out.read_text(), error.read_text())

    def close(self):
        """End the process that forks."""
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()
