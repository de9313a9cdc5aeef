"""Kill a study with SIGKILL at random moments and take it up again, until it is done; then once more from the start.

    python tests/studies/killing.py --kills 1000

Each run is a fork of this process, which has compiled everything, so that nearly all of its time goes into the study.
After every kill nothing in the folder may be damaged; whenever a study comes to its end, its digest must be the one of
a run that nobody disturbed.
"""

import argparse
import os
import random
import shutil
import signal
import tempfile
import time
from pathlib import Path

import fastsoftq as fsq
from fastsoftq.studies import Condition, Study, run
from fastsoftq.studies.inspect import verify

STUDY = Study(
    name="killed",
    episodes=20,
    seeds=320,
    max_steps=60,
    environments={"cliff": fsq.cliff_walking(height=3, width=5)},
    agents={
        "hard": fsq.QLearning(step_size=0.8, discount=0.95),
        "soft": fsq.SoftQLearning(step_size=0.8, discount=0.95, reward_scale=5.0),
    },
    conditions=[
        Condition("cliff", "hard", "base"),
        Condition("cliff", "soft"),
        Condition("cliff", "soft", "tuned", first_seed=10**6, episodes=10, after="base"),
    ],
    tables=True,
    checkpoints=[5],
)


def started(folder: Path) -> int:
    """Run the study in a fork; its process."""
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        run(STUDY, folder, threads=2, chunk=64)
        status = 0
    finally:
        os._exit(status)


def main() -> None:
    """Kill so many times, and say what became of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)
    kills = finished = torn = 0
    with tempfile.TemporaryDirectory() as place:
        whole, folder = Path(place) / "whole", Path(place) / "killed"
        start = time.monotonic()
        run(STUDY, whole, threads=2, chunk=64)
        digest = verify(whole).digest
        assert digest is not None
        shutil.rmtree(whole)
        start = time.monotonic()
        run(STUDY, whole, threads=2, chunk=64)
        duration = time.monotonic() - start
        while kills < arguments.kills:
            process = started(folder)
            time.sleep(draw.uniform(0.0, 0.6 * duration))
            ended, status = os.waitpid(process, os.WNOHANG)
            if not ended:
                os.kill(process, signal.SIGKILL)
                _, status = os.waitpid(process, 0)
            if os.WIFSIGNALED(status):
                kills += 1
                torn += any(folder.glob("tmp/*"))
                damaged = verify(folder).damaged if (folder / "study.json").exists() else ()
                assert all(name.startswith("results.zarr/") and not (folder / name).exists() for name in damaged), (
                    damaged
                )
                continue
            assert os.waitstatus_to_exitcode(status) == 0
            assert verify(folder).digest == digest
            shutil.rmtree(folder)
            finished += 1
        process = started(folder)
        assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
        assert verify(folder).digest == digest
        assert not any(folder.glob("tmp/*"))
    print(f"{kills} kills, {torn} of them amid a write, {finished + 1} studies finished, every digest {digest}")


if __name__ == "__main__":
    main()
