"""Side by side: updates, acting, environments, training. `pytest tests/speed/test_deep_speed.py --benchmark-only`."""

import numpy as np
import pytest

from benchmarks import deep
from benchmarks.peers.deep import deep_task as task
from benchmarks.peers.deep.__main__ import UPDATES


def rate(benchmark, call, units, what):
    """Time a call, of which the first compiles, and note how many million units it does a second."""
    call()
    benchmark(call)
    if benchmark.stats:  # none with --benchmark-disable
        benchmark.extra_info[f"million_{what}_per_second"] = round(units / benchmark.stats.stats.median / 1e6, 4)


@pytest.mark.parametrize("size", task.SIZES, ids=lambda size: size.label)
@pytest.mark.parametrize("peer", UPDATES, ids=lambda peer: peer.name)
def test_updates(benchmark, peer, size):
    """As many updates by each; several networks side by side do that many each."""
    if reason := peer.missing():
        pytest.skip(reason)
    benchmark.group = size.label
    rng = np.random.default_rng(0)
    online, target = ([task.layers(size, rng) for _ in range(peer.networks)] for _ in range(2))
    batches = [task.transitions(deep.BATCHES, size.batch, rng) for _ in range(peer.networks)]
    rate(benchmark, peer.updates(online, target, batches), deep.BATCHES * peer.networks, "updates")


@pytest.mark.benchmark(group="acting")
@pytest.mark.parametrize("hidden", [(64, 64), task.HIDDEN, (256, 256)], ids=str)
def test_acting(benchmark, hidden):
    rate(benchmark, deep.acting(hidden), deep.ROWS, "states")


@pytest.mark.benchmark(group="environments")
@pytest.mark.parametrize("environment", deep.ENVIRONMENTS)
def test_environments(benchmark, environment):
    rate(benchmark, deep.walking(environment), deep.STEPS, "steps")


@pytest.mark.benchmark(group="cart pole")
@pytest.mark.parametrize("agent", deep.AGENTS)
def test_training(benchmark, agent):
    rate(benchmark, deep.training(agent), deep.STEPS, "steps")


@pytest.mark.benchmark(group="study")
def test_study(benchmark):
    benchmark.pedantic(deep.run_study, rounds=3, warmup_rounds=1)
