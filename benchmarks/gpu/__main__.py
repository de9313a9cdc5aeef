"""Measure a GPU: `python -m benchmarks.gpu`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.gpu import card_report, contenders, issue_slots, large_worlds
from benchmarks.gpu.workloads import FEW, WORKLOADS, Workload
from fastsoftq.engine.gpu.driver import Gpu, GpuError, gpu

app = typer.Typer(add_completion=False)
QUICK_SECONDS, SECONDS = 55.0, 1800.0
STATES = (1_000, 10_000, 100_000, 1_000_000)
QUICK_WORLD_STEPS, WORLD_STEPS = 3e8, 4e9  # of each large world


class Measuring:
    """Parts that are measured one by one: one that fails is noted, and those that find no time are left out."""

    def __init__(self, seconds: float, out: Path | None, machine: dict[str, Any]) -> None:
        self._end, self._out, self._console = time.monotonic() + seconds, out, Console(stderr=True)
        self.results: dict[str, Any] = {"machine": machine, "speeds": [], "worlds": [], "slots": {}, "failed": {}}

    @property
    def left(self) -> float:
        """Seconds."""
        return self._end - time.monotonic()

    def part(self, name: str, measure: Callable[[], Any], needs: float = 0.0) -> Any:
        """What `measure` returns, or None; it is begun if so many seconds are left."""
        begun = time.monotonic()
        found = None
        if self.left < needs:
            self.results["failed"][name] = "no time was left for it"
        else:
            try:
                found = measure()
            except Exception as error:  # whatever goes wrong, the other parts are measured
                self.results["failed"][name] = f"{type(error).__name__}: {error}"
        missed = self.results["failed"].get(name)
        self._console.print(
            f"{name}: {missed or f'{time.monotonic() - begun:.1f} s'}", style="red" if missed else None, highlight=False
        )
        return found

    def write(self) -> None:
        if self._out is not None:
            self._out.parent.mkdir(parents=True, exist_ok=True)
            self._out.write_text(json.dumps(self.results, indent=2) + "\n")


def measure(card: Gpu, measuring: Measuring, workloads: tuple[Workload, ...], states: tuple[int, ...], quick: bool):
    """Measure all parts, those first that everybody wants to know."""
    world_steps = QUICK_WORLD_STEPS if quick else WORLD_STEPS

    def speeds(what: str, of: Callable[[Workload], Any], some: tuple[Workload, ...], needs: float = 0.0) -> None:
        for workload in some:
            found = measuring.part(f"{what}, {workload.label}", lambda w=workload: list(of(w)), needs)
            measuring.results["speeds"] += [speed._asdict() for speed in found or ()]
            measuring.write()

    speeds("kernel", lambda w: contenders.kernel(card, w), workloads)
    speeds("train", lambda w: contenders.through_train(card, w), workloads, needs=5.0)
    speeds("summaries", lambda w: contenders.summarised(card, w), workloads, needs=5.0)
    speeds("CUDA C++", lambda w: contenders.by_hand(card, w), workloads, needs=2.0)
    speeds("CPU", contenders.on_the_cpu, workloads, needs=5.0)
    for n in states:
        for agent in large_worlds.AGENTS:
            name = f"{n:,} states, {agent}"
            world = measuring.part(
                name, lambda n=n, agent=agent: large_worlds.speed(card, n, agent, world_steps), needs=5.0
            )
            measuring.results["worlds"] += [world._asdict()] if world else []
            measuring.write()
    large_worlds.world.cache_clear()
    doubles = tuple(w.smaller(FEW // 3 if quick else 2 * FEW, 100) for w in workloads if w.precision == "double")
    speeds("JAX", lambda w: contenders.by_jax(w, measuring.left), doubles[:1] if quick else doubles, needs=10.0)
    counts = measuring.part("instructions a step", lambda: issue_slots.instructions(measuring.left), needs=25.0)
    clock = measuring.results["machine"]["clock_hz"]
    for label, count in (counts or {}).items():
        most = clock and issue_slots.limit(count, card.card.multiprocessors, clock)
        measuring.results["slots"][label] = {"instructions": count, "limit": most}
    measuring.write()


@app.command()
def main(
    number: Annotated[int, typer.Option("--gpu", min=0, help="Which GPU.")] = 0,
    quick: Annotated[bool, typer.Option(help="Less of everything: it ends within a minute.")] = False,
    out: Annotated[Path | None, typer.Option(help="Where the numbers go, as JSON.")] = None,
) -> None:
    """Time fastsoftq on a GPU beside CUDA C++, JAX, the CPU and what the card allows; print a table."""
    try:
        card = gpu(number)
    except GpuError as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from None
    measuring = Measuring(QUICK_SECONDS if quick else SECONDS, out, card_report.described(card))
    measure(card, measuring, WORKLOADS, STATES[: 3 if quick else None], quick)
    typer.echo(card_report.markdown(measuring.results))


if __name__ == "__main__":
    app()
