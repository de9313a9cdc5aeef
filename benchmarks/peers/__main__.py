"""Check and measure every contender: `python -m benchmarks.peers`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from benchmarks.peers import PEERS, c_plain, machine, report, task
from benchmarks.peers.check import disagreements, reference
from benchmarks.peers.measure import Entry, rounds, sized

ROOT = Path(__file__).parents[2]
CHECKED_SEEDS = 16  # at least; enough for a spread


app = typer.Typer(add_completion=False)


@app.command()
def main(
    round_count: Annotated[int, typer.Option("--rounds", min=1, help="How often each contender is timed.")] = 9,
    seconds: Annotated[float, typer.Option(min=0.01, help="About how long each of them takes a round.")] = 0.4,
    only: Annotated[
        list[str] | None, typer.Option(help="Part of a contender's name; plain C always takes part.")
    ] = None,
    output: Annotated[Path, typer.Option(help="Where the numbers go.")] = ROOT / "benchmarks" / "peers" / "results",
    figures: Annotated[Path, typer.Option(help="Where the chart goes.")] = ROOT / "docs" / "figures",
) -> None:
    """Check that every contender learns the same curves, then time them side by side on one core."""
    machine.pin()
    console = Console()
    contenders = []
    for peer in PEERS:
        if only and peer is not c_plain.peer and not any(part.lower() in peer.name.lower() for part in only):
            continue
        if reason := peer.missing():
            console.print(f"{peer.name} is left out: {reason}")
        else:
            contenders.append(peer)
    workloads = [(peer, case) for peer in contenders for case in peer.cases]
    wrong = []
    for case in dict.fromkeys(case for _, case in workloads):
        expected = learned(reference(case), case, 4 * seconds, first_seed=10**6)
        for peer in track([p for p, c in workloads if c == case], f"checking {case.label}", console=console):
            found = disagreements(learned(peer, case, seconds), expected)
            wrong += [f"{peer.name}, {case.label}: {what}" for what in found]
    if wrong:
        console.print("Not timed, for these contenders do not learn the same curves:", *wrong, sep="\n")
        raise typer.Exit(1)

    entries: list[Entry] = [sized(peer, case, seconds) for peer, case in track(workloads, "sizing", console=console)]
    list(track(rounds(entries, round_count), "timing", total=round_count + 1, console=console))
    console.print(report.table(entries))
    output.mkdir(parents=True, exist_ok=True)
    figures.mkdir(parents=True, exist_ok=True)
    report.write_csv(entries, output / "peers.csv")
    (output / "peers.json").write_text(json.dumps(machine.describe(), indent=2) + "\n")
    chart = report.draw(entries)
    for ending in ("svg", "png"):
        chart.savefig(figures / f"peers.{ending}", dpi=150)
    console.print(f"Written: {output / 'peers.csv'}, {output / 'peers.json'}, {figures / 'peers.svg'}")


def learned(peer: task.Peer, case: task.Case, seconds: float, first_seed: int = 0) -> task.Curves:
    chosen = sized(peer, case, seconds, CHECKED_SEEDS)
    return peer.run(case, np.arange(first_seed, first_seed + chosen.seeds), chosen.episodes, task.MAX_STEPS)


if __name__ == "__main__":
    app()
