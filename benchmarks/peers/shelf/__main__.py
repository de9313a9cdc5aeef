"""Check that agents with memory learn what plain C does, then time both: `python -m benchmarks.peers.shelf`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from benchmarks.peers import machine, task
from benchmarks.peers.check import disagreements
from benchmarks.peers.measure import Entry, rounds, timed
from benchmarks.peers.shelf import shelf_c, shelf_fastsoftq, shelf_lists
from benchmarks.peers.shelf.shelf_table import table, write_csv
from benchmarks.peers.shelf.shelf_task import ALGORITHMS, CASES

_LANES = 256  # runs at least, where they go in lanes: each takes several
RESULTS = Path(__file__).parents[1] / "results"
PEERS = (*shelf_c.PEERS, shelf_fastsoftq.peer)

app = typer.Typer(add_completion=False)


@app.command()
def main(
    round_count: Annotated[int, typer.Option("--rounds", min=1, help="How often each contender is timed.")] = 9,
    seconds: Annotated[float, typer.Option(min=0.01, help="About how long each of them takes a round.")] = 0.4,
    only: Annotated[list[str] | None, typer.Option(help="Part of an agent's name, such as dyna.")] = None,
    checked: Annotated[int, typer.Option(min=16, help="Runs of each contender that are checked.")] = 400,
    output: Annotated[Path, typer.Option(help="Where the numbers go.")] = RESULTS,
) -> None:
    """Check that fastsoftq, plain C and plain Python learn the same curves, then time the first two on one core."""
    machine.pin()
    console = Console()
    cases = [case for case in CASES if not only or any(part.lower() in _named(case) for part in only)]
    if not cases:
        raise typer.BadParameter(f"no agent's name has any of {only} in it; there are {', '.join(ALGORITHMS)}")
    peers = [peer for peer in PEERS if peer.missing() is None]
    for peer in PEERS:
        if reason := peer.missing():
            console.print(f"{peer.name} is left out: {reason}")
    workloads = [(peer, case) for case in cases for peer in peers if case in peer.cases]
    wrong = [what for case in track(cases, "checking", console=console) for what in different(case, peers, checked)]
    if wrong:
        console.print("Not timed, for these do not learn the same curves:", *wrong, sep="\n")
        raise typer.Exit(1)
    entries = [whole_runs(peer, case, seconds) for peer, case in track(workloads, "sizing", console=console)]
    list(track(rounds(entries, round_count), "timing", total=round_count + 1, console=console))
    console.print(table(entries))
    output.mkdir(parents=True, exist_ok=True)
    write_csv(entries, output / "shelf.csv")
    (output / "shelf.json").write_text(json.dumps(machine.describe(), indent=2) + "\n")
    console.print(f"Written: {output / 'shelf.csv'}, {output / 'shelf.json'}")


def different(case: task.Case, peers: list[task.Peer] | tuple[task.Peer, ...], seeds: int) -> list[str]:
    """Who learns something else: than plain Python in the first episodes, than fastsoftq in all of them."""
    short, whole = (60, 100), (task.EPISODES, task.MAX_STEPS)
    slow = shelf_lists.run(case, np.arange(10**6, 10**6 + 40), *short)
    fast = shelf_fastsoftq.run(case, np.arange(10**6, 10**6 + 2 * seeds), *whole)
    found = []
    for peer in (peer for peer in peers if case in peer.cases):
        for size, expected in ((short, slow), (whole, fast)):
            differences = disagreements(peer.run(case, np.arange(seeds), *size), expected)
            found += [f"{peer.name}, {ALGORITHMS[case.algorithm].title}: {what}" for what in differences]
    return found


def whole_runs(peer: task.Peer, case: task.Case, seconds: float) -> Entry:
    """As many runs as take about so long: all episodes of each, for what a step costs changes in their course."""
    least = _LANES if peer is shelf_fastsoftq.peer and shelf_fastsoftq.loop(case) == "lanes" else 1
    timed(peer, case, least, 1)  # compiles
    took, _ = timed(peer, case, least, task.EPISODES)
    return Entry(peer, case, least * max(1, round(seconds / took)), task.EPISODES)


def _named(case: task.Case) -> str:
    return f"{case.algorithm} {ALGORITHMS[case.algorithm].title}".lower()


if __name__ == "__main__":
    app()
