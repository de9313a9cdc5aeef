"""Run the asv suite twice as the tree stands, and say which figures differ by more than some per cent.

`python -m benchmarks.agreement` on a quiet machine: what differs there is noise. Ends with 1 if anything differs or
fails.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

ROOT = Path(__file__).parents[2]
SOME_FAILED = 2  # asv's exit status; the others are in its file
app = typer.Typer(add_completion=False)


def asv(folder: Path, *arguments: str) -> None:
    """Call asv on this tree, with results in a folder of their own; benchmarks may fail."""
    settings = json.loads((ROOT / "asv.conf.json").read_text())
    folders = {"repo": ROOT, "benchmark_dir": ROOT / "benchmarks"} | {
        f"{kind}_dir": folder / kind for kind in ("env", "results", "html")
    }
    written = folder / "asv.conf.json"
    written.write_text(json.dumps(settings | {key: str(value) for key, value in folders.items()}))
    command = [sys.executable, "-m", "asv", arguments[0], "--config", str(written), *arguments[1:]]
    # asv hides PYTHONPATH from what it runs, so that an installed version is measured.
    status = subprocess.run(command, cwd=ROOT, env={**os.environ, "ASV_PYTHONPATH": str(ROOT)}, check=False).returncode
    if status not in (0, SOME_FAILED):
        print(f"asv {arguments[0]} ended with {status}", file=sys.stderr)
        raise typer.Exit(2)


def measured(bench: str, quick: bool) -> dict[str, float | None]:
    """Run what the pattern fits, and return every figure under its benchmark's name and parameters."""
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        asv(folder, "machine", "--yes")
        options = ["--python=same", f"--set-commit-hash={head.strip()}", "--bench", bench, *(["--quick"] * quick)]
        asv(folder, "run", *options)
        (path,) = (path for path in (folder / "results").glob("*/*.json") if path.name != "machine.json")
        return dict(figures(json.loads(path.read_text())))


def figures(written: dict) -> Iterator[tuple[str, float | None]]:
    """Name and value of everything in asv's file of results but what was skipped; None is the value of what failed."""
    value, parameters = (written["result_columns"].index(column) for column in ("result", "params"))
    for name, row in written["results"].items():
        combinations = list(itertools.product(*row[parameters]))
        for chosen, figure in zip(combinations, row[value] or [None] * len(combinations), strict=True):
            if figure is None or math.isfinite(figure):
                yield f"{name}({', '.join(chosen)})", figure


def apart(first: dict[str, float | None], second: dict[str, float | None]) -> dict[str, float]:
    """By how many per cent the larger figure of each benchmark exceeds the smaller, the worst first.

    What failed, took no time at all, or was measured in one run only, is as far apart as can be.
    """

    def excess(a: float | None, b: float | None) -> float:
        return 100.0 * (max(a, b) / min(a, b) - 1.0) if a and b else math.inf

    found = {name: excess(first.get(name), second.get(name)) for name in {**first, **second}}
    return dict(sorted(found.items(), key=lambda item: -item[1]))


@app.command()
def main(
    bench: Annotated[str, typer.Option(help="Only benchmarks whose names this pattern fits.")] = ".",
    within: Annotated[float, typer.Option(min=0.0, help="Per cent by which two runs may differ.")] = 5.0,
    quick: Annotated[bool, typer.Option(help="Measure everything once: says that the command works, no more.")] = False,
) -> None:
    """Measure twice and compare."""
    excess = apart(measured(bench, quick), measured(bench, quick))
    beyond = {name: percent for name, percent in excess.items() if percent > within}
    for name, percent in beyond.items():
        print(f"{percent:6.1f} %  {name}" if math.isfinite(percent) else f"  failed  {name}")
    print(f"{len(excess) - len(beyond)} of {len(excess)} figures agree within {within:g} %")
    raise typer.Exit(1 if beyond else 0)


if __name__ == "__main__":
    app()
