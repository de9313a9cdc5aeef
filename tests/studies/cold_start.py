"""Start many processes at once on one folder and one empty cache of compiled code; each must come through.

    python tests/studies/cold_start.py --processes 16

The digest must be that of a run with a warm cache, and the cache must hold whole files only, one for each loop.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fastsoftq.studies.inspect import verify

ROOT = Path(__file__).parents[2]
STUDY = """\
name = "cold"
episodes = 20
seeds = 6400
max_steps = 60
[environments.cliff]
kind = "cliff_walking"
[agents.hard]
kind = "q_learning"
step_size = 0.8
discount = 0.95
[agents.soft]
kind = "soft_q_learning"
step_size = 0.8
discount = 0.95
reward_scale = 10
"""


def main() -> None:
    """Start them, wait, and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=16)
    parts = parser.parse_args().processes
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        study, cache = folder / "study.toml", folder / "cache"
        study.write_text(STUDY)
        environment = {**os.environ, "FASTSOFTQ_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "fastsoftq", "run", str(study), "--threads", "1", "--chunk", "64"]
        start = time.monotonic()
        cold = [
            subprocess.Popen([*command, "--out", str(folder / "cold"), "--part", f"{part}/{parts}"], env=environment)
            for part in range(1, parts + 1)
        ]
        assert [process.wait() for process in cold] == [0] * parts
        seconds = time.monotonic() - start
        digest = verify(folder / "cold").digest
        assert digest is not None
        files = sorted(path.suffix for path in cache.iterdir())
        assert set(files) == {".jit"}, files
        subprocess.run([*command, "--out", str(folder / "warm")], env=environment, check=True)
        assert verify(folder / "warm").digest == digest
        assert len(list(cache.iterdir())) == len(files)  # nothing was compiled again
    print(f"{parts} processes on an empty cache: {seconds:.0f} s, {len(files)} files, digest {digest}")


if __name__ == "__main__":
    main()
