"""Check and measure the deep peers: `python -m benchmarks.peers.deep`."""

from __future__ import annotations

import enum
import importlib.metadata
import json
import os
import time
from pathlib import Path
from typing import Annotated

import typer
from llvmlite import binding
from rich.console import Console

from benchmarks.peers import machine
from benchmarks.peers.deep import (
    cart_pole_speed,
    fastsoftq_deep,
    first_calls,
    jax_cart_pole,
    jax_update,
    product_share,
    torch_loop,
    two_threads,
    update_speed,
)
from benchmarks.peers.deep import deep_task as task
from benchmarks.peers.deep.same_learning import update_differences
from benchmarks.peers.deep.speed_table import Figure, Speeds, data, markdown

RESULTS = Path(__file__).parents[1] / "results"
UPDATES = (fastsoftq_deep.updates, *torch_loop.update_peers, jax_update.scan, jax_update.vmap)
LEARNERS = (torch_loop.learning_peer, jax_cart_pole.scan, jax_cart_pole.vmap)

app = typer.Typer(add_completion=False)


class Part(enum.StrEnum):
    COMPILE = "compile"
    THREADS = "threads"
    PRODUCT = "product"
    UPDATE = "update"
    CART_POLE = "cart-pole"


@app.command()
def main(
    quick: Annotated[bool, typer.Option("--quick", help="Fewer rounds, and shorter runs: three minutes.")] = False,
    only: Annotated[list[Part] | None, typer.Option(help="Measure this part; may be given several times.")] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Where numbers go: benchmarks/peers/results, if all is measured and in full."),
    ] = None,
) -> None:
    """Check that every contender learns the same, time them side by side on one core, and print tables."""
    begun, errors = time.monotonic(), Console(stderr=True)
    parts = set(only or Part)

    def say(what: str) -> None:
        errors.print(f"{time.monotonic() - begun:4.0f} s  {what}", highlight=False)

    speeds: list[Speeds] = []
    figures: list[Figure] = []
    if Part.COMPILE in parts:
        say("first calls")
        figures += first_calls.figures(rounds=1 if quick else 3)
    if Part.THREADS in parts:
        say("two threads")
        figures += two_threads.figures(*((20_000, 3) if quick else (50_000, 9)))
    machine.pin()  # and no sooner: two threads want two cores
    if Part.PRODUCT in parts:
        say("the product")
        figures += product_share.figures(rounds=9 if quick else 25)
    wrong = []
    if Part.UPDATE in parts:
        peers = _present(UPDATES, say)
        for size in task.SIZES:
            say(size.label)
            wrong += [f"{peer.name}, {size.label}: {what}" for peer in peers for what in update_differences(peer, size)]
            speeds.append(update_speed.measure(peers, size, rounds=3 if quick else 15))
    if Part.CART_POLE in parts:
        length = cart_pole_speed.QUICK if quick else cart_pole_speed.WHOLE
        row, differing = cart_pole_speed.measure(fastsoftq_deep.learning, _present(LEARNERS, say), length, say)
        speeds.append(row)
        wrong += differing
    if wrong:
        errors.print("Nothing is shown, for these do not learn the same:", *wrong, sep="\n", highlight=False)
        raise typer.Exit(1)
    say("done")

    described = describe()
    print("\n".join(f"{name}: {value}" for name, value in described.items()), end="\n\n")
    print(markdown(speeds, figures))
    measured = json.dumps(data(speeds, figures, described), indent=2) + "\n"
    print(measured)
    output = output or (None if quick or only else RESULTS)
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        (output / "deep.json").write_text(measured)
        (output / "deep.md").write_text(markdown(speeds, figures))
        say(f"written: {output / 'deep.json'}, {output / 'deep.md'}")


def _present(peers, say):
    """Those that can run here; of the others, why not."""
    for peer in peers:
        if reason := peer.missing():
            say(f"{peer.name} is left out: {reason}")
    return [peer for peer in peers if not peer.missing()]


def describe() -> dict[str, object]:
    """The machine, with the vector instructions that it has, and what ran on it."""
    known = machine.describe()
    features = binding.get_host_cpu_features()
    vectors = sorted(
        name for name, there in features.items() if there and name.startswith(("avx", "fma", "neon", "sve"))
    )
    found = {}
    for package in ("torch", "jax", "jaxlib", "gymnasium", "numba", "numpy"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = None
    kept = {name: known[name] for name in ("processor", "cores", "load", "system", "python", "fastsoftq")}
    flags = {"llvm_name": binding.get_host_cpu_name(), "vectors": " ".join(vectors)}
    return {**kept, **flags, "xla_flags": os.environ.get("XLA_FLAGS"), **found}


if __name__ == "__main__":
    app()
