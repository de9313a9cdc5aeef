"""Side by side: agents, precisions, devices, engines, peers, and each kernel. `pytest tests/speed --benchmark-only`."""

import numpy as np
import pytest

import fastsoftq as fsq
from benchmarks import kernels
from benchmarks.engines import AGENTS, ENGINES, train
from benchmarks.measuring import require
from benchmarks.peers import PEERS, task

SEEDS, EPISODES = 256, 100
LOOPS = [
    loop for suite in (kernels.Operators, kernels.Policies, kernels.Updates, kernels.Numbers) for loop in suite.loops
]


def rate(benchmark, run):
    """Time `run`, which returns the lengths of episodes, and note its environment steps a second."""
    steps = int(np.sum(run()))  # compiles, too
    benchmark(run)
    if benchmark.stats:  # none with --benchmark-disable
        benchmark.extra_info["million_steps_per_second"] = round(steps / benchmark.stats.stats.median / 1e6, 2)


@pytest.mark.benchmark(group="hard and soft")
@pytest.mark.parametrize("agent", AGENTS)
def test_agents(benchmark, agent):
    mdp = fsq.cliff_walking()
    rate(benchmark, lambda: train(mdp, AGENTS[agent], SEEDS, EPISODES).lengths)


@pytest.mark.benchmark(group="precision, soft")
@pytest.mark.parametrize("precision", ["double", "mixed"])
def test_precisions(benchmark, precision):
    mdp = fsq.cliff_walking()
    rate(benchmark, lambda: train(mdp, AGENTS["soft"], SEEDS, EPISODES, precision).lengths)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("agent", ["hard", "soft"])
def test_devices(benchmark, agent, device):
    """One core beside one GPU, with results in host memory."""
    try:
        require(device)
    except NotImplementedError as reason:
        pytest.skip(str(reason))
    benchmark.group = f"device, {agent}"
    mdp, chosen = fsq.cliff_walking(), {} if device == "cpu" else {"device": device}
    rate(benchmark, lambda: train(mdp, AGENTS[agent], 4096, EPISODES, **chosen).lengths)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("agent", ["hard", "soft"])
def test_engines(benchmark, agent, engine):
    benchmark.group = f"engine, {agent}"
    mdp = fsq.cliff_walking()
    rate(benchmark, lambda: ENGINES[engine](mdp, AGENTS[agent], SEEDS, EPISODES).lengths)


@pytest.mark.parametrize("case", task.LEARNING, ids=lambda case: case.label)
@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_peers(benchmark, peer, case):
    """The same work for each, small enough for the slowest; `python -m benchmarks.peers` gives each what suits it."""
    if case not in peer.cases:
        pytest.skip(f"{peer.name} does not do {case.label}")
    if reason := peer.missing():
        pytest.skip(reason)
    benchmark.group = f"peers, {case.label}"
    work = case, np.arange(128), 4, task.MAX_STEPS
    peer.run(*work)  # compiles
    benchmark.pedantic(peer.run, work, rounds=3)


@pytest.mark.benchmark(group="kernels")
@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.__name__)
def test_kernels(benchmark, loop):
    q = np.random.default_rng(0).dirichlet(np.ones(4), kernels.STATES)
    loop(q[:2])
    benchmark(loop, q)
