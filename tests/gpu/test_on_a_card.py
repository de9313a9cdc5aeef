"""On a real GPU: every kind of training has the CPU's bits, stops when told to, and says what it cannot do."""

import hashlib
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq.engine.gpu.driver import GpuError
from fastsoftq.studies import Study, run
from fastsoftq.studies.inspect import verify
from fastsoftq.tabular_training import Training
from tests.engine.kinds import KINDS
from tests.engine.running import train
from tests.engine.test_learning import GOLDEN
from tests.engine.worlds import worlds

CLIFF = fsq.cliff_walking()
HARD = fsq.QLearning(0.8, 0.95, fsq.LinearDecay(0.9, 0.1, 0.001))
SOFT = fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0)


def everything(curves):
    arrays = (curves.returns, curves.lengths, curves.truncated, curves.final_q, curves.checkpoint_q)
    return [None if array is None else array.tobytes() for array in arrays]


def assert_same(device, mdp, agent, seeds, episodes, max_steps, **options):
    task = mdp, agent, seeds, episodes, max_steps
    on_card = Training.checked(*task, device=device, **options).curves()
    assert everything(on_card) == everything(Training.checked(*task, **options).curves())


@pytest.mark.parametrize("name", GOLDEN)
def test_runs_are_those_of_every_machine(device, name):
    agent, mdp, precision, digest = GOLDEN[name]
    curves = fsq.train(mdp, agent, 20, 50, 300, precision=precision, device=device)
    found = hashlib.sha256(curves.returns.astype("<f8").tobytes() + curves.lengths.astype("<i4").tobytes())
    assert found.hexdigest()[:16] == digest


@pytest.mark.parametrize(
    "kind",
    [
        "hard", "hard, one action, slippery", "hard, twelve actions", "hard, schedules, many starts",
        "soft, two actions, slippery, many starts, mixed", "soft, nine actions, slippery",
        "soft, cooling, five actions",
        "sarsa, schedules, slippery, many starts", "expected sarsa, schedules, slippery", "frozen soft, cooling",
    ],
)  # fmt: skip
@given(data=st.data())
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_kind_has_the_bits_of_one_run_at_a_time(device, kind, data):
    agents, _, actions, outcomes, several_starts, precision = KINDS[kind]
    mdp, agent = data.draw(worlds(actions, outcomes, several_starts)), data.draw(agents)
    seeds, episodes = data.draw(st.integers(1, 100)), data.draw(st.integers(1, 12))
    task = {"seeds": seeds, "episodes": episodes, "max_steps": data.draw(st.integers(1, 40)), "precision": precision}
    if data.draw(st.booleans()):
        task["initial_q"] = np.random.default_rng(seeds).normal(size=(seeds, mdp.n_states, mdp.n_actions))
    task["checkpoints"] = sorted(data.draw(st.sets(st.integers(1, episodes))))
    on_card = Training.checked(mdp, agent, **task, keep_q=True, device=device).curves()
    assert everything(on_card) == everything(train(0, mdp, agent, **task))


@pytest.mark.parametrize(
    ("agent", "precision"), [(HARD, "double"), (SOFT, "double"), (SOFT, "mixed")], ids=["hard", "soft", "mixed"]
)
def test_more_runs_than_threads_with_tables(device, agent, precision):
    """Several times as many as the card trains at once: threads take the next run, and results come in pieces."""
    assert_same(device, CLIFF, agent, 150_000, 20, 100, precision=precision)
    assert_same(device, CLIFF, agent, 60_000, 20, 100, precision=precision, keep_q=True, checkpoints=[3, 10])


@pytest.mark.parametrize(
    "agent",
    [fsq.DoubleQLearning(0.8, 0.95), fsq.NStepSarsa(0.3, 0.95, 4), fsq.DynaQ(0.5, 0.95), fsq.DynaSoftQ(0.5, 0.95)],
    ids=lambda agent: type(agent).__name__,
)
def test_agents_with_memory(device, agent):
    assert_same(device, CLIFF, agent, 5000, 20, 100, keep_q=True)


def test_a_full_size_study(device):
    """The document's: 1000 runs of 1000 episodes, hard and soft."""
    for agent in (HARD, SOFT):
        assert_same(device, CLIFF, agent, 1000, 1000, 1000)


@pytest.mark.parametrize("states", [500, 3_000, 20_000, 100_000])
def test_large_worlds(device, states):
    """Tables in shared memory no more: all in the card's."""
    rng = np.random.default_rng(states)
    mdp = fsq.TabularMDP(
        next_state=rng.integers(states, size=(states, 4)), reward=rng.normal(-1.0, 1.0, (states, 4)),
        terminated=rng.random((states, 4)) < 0.01, start=0,
    )  # fmt: skip
    for agent, precision in ((HARD, "double"), (SOFT, "mixed")):
        assert_same(device, mdp, agent, 600, 10, 300, precision=precision, keep_q=states < 50_000)


def test_large_slippery_worlds_with_many_starts(device):
    rng = np.random.default_rng(0)
    shape = 5_000, 6, 3
    starts = np.zeros(shape[0])
    starts[:1000] = rng.dirichlet(np.ones(1000))
    terminated = rng.random(shape) < 0.01
    terminated[:, 0] = False  # no start is an end
    mdp = fsq.TabularMDP(
        rng.integers(shape[0], size=shape), rng.normal(-1.0, 1.0, shape), terminated,
        rng.dirichlet(np.ones(3), shape[:2]), starts,
    )  # fmt: skip
    for agent in (HARD, SOFT, fsq.Sarsa(0.5, 0.9), fsq.ExpectedSarsa(0.5, 0.9)):
        assert_same(device, mdp, agent, 300, 10, 100)


def test_blocks_of_a_stream_are_the_whole(device):
    whole = fsq.train(CLIFF, HARD, 5000, 30, 200)
    blocks = list(fsq.stream(CLIFF, HARD, 5000, 30, 200, block=1700, device=device))
    for field in ("returns", "lengths", "truncated"):
        assert np.concatenate([getattr(b, field) for b in blocks]).tobytes() == getattr(whole, field).tobytes()


@pytest.mark.parametrize(
    ("runs", "block", "episodes"), [(20_000, 1024, 130), (5_000, 4096, 33), (700, 100, 9), (50, 1, 3)]
)
def test_blocks_are_summarised_on_the_card(device, runs, block, episodes):
    starts = np.append(np.arange(0, runs, block), runs)
    for agent in (HARD, SOFT):
        task = CLIFF, agent, runs, episodes, 100
        on_card = Training.checked(*task, device=device).statistics(starts)
        here = Training.checked(*task).statistics(starts)
        for name in ("returns", "lengths", "truncated"):
            assert getattr(on_card, name).tobytes() == getattr(here, name).tobytes(), name
        assert on_card.steps == here.steps


@pytest.mark.parametrize("keep", ["curves", "summary"])
def test_a_study_has_the_cpus_digest(device, tmp_path, keep):
    study = Study(
        name="both", episodes=50, max_steps=200, seeds=9000, keep=keep, environments={"cliff": CLIFF},
        agents={"hard": HARD, "soft": SOFT},
    )  # fmt: skip
    run(study, tmp_path / "card", device=device, chunk=2048)
    run(study, tmp_path / "cpu", chunk=2048)
    assert verify(tmp_path / "card").digest == verify(tmp_path / "cpu").digest


def test_an_interruption_ends_it_within_a_fifth_of_a_second(device, card):
    """Otherwise this training would take many minutes."""
    interrupted = []

    def interrupt(progress):
        interrupted.append(time.perf_counter())
        raise KeyboardInterrupt

    endless = fsq.from_map("S.")  # no goal: every episode takes `max_steps`
    fsq.train(endless, HARD, 200_000, 100, 1, device=device)  # compiles, and opens all that it will need
    before = card.free()
    with pytest.raises(KeyboardInterrupt):
        fsq.train(endless, HARD, 200_000, 100, 1_000_000, device=device, progress=interrupt)
    assert time.perf_counter() - interrupted[0] < 0.2
    assert len(interrupted) == 1
    assert card.free() > before - (64 << 20)  # it gave its memory back, but for what a driver keeps
    assert_same(device, CLIFF, HARD, 100, 20, 100)  # and the card is as good as before


def test_a_full_card_is_told_in_one_line_and_is_of_use_afterwards(device, card):
    filled = []
    try:
        while (free := card.free()) > 80 << 20:  # what was given back comes free when the card is next waited for
            filled.append(card.array((free - (60 << 20),), np.uint8))  # a little is always left to the driver
        with pytest.raises(GpuError, match=r"\(cuda:0\) has") as told:
            fsq.train(CLIFF, HARD, 100_000, 1000, 10, device=device)
        assert "\n" not in str(told.value)
    finally:
        for array in filled:
            array.close()
        card.stream.sync()
    assert_same(device, CLIFF, HARD, 100, 20, 100)


def test_progress_goes_up_to_the_end(device):
    reports = []
    curves = fsq.train(CLIFF, HARD, 100_000, 300, 500, device=device, progress=reports.append)
    assert reports[-1] == (100_000, 100_000, curves.steps)
    assert all(a.steps <= b.steps and a.runs <= b.runs for a, b in pairwise(reports))


def test_it_is_listed(device, card):
    found = {listed.name: listed for listed in fsq.devices()}
    assert found[device].trains
    assert found[device].what == card.card.name
