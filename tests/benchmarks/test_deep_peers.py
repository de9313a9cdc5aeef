"""Every deep peer makes the same update and learns the same curve; one that would not is found out."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.peers import machine
from benchmarks.peers.deep import __main__ as command
from benchmarks.peers.deep import (
    cart_pole_speed,
    fastsoftq_deep,
    first_calls,
    numpy_update,
    product_share,
    same_learning,
    two_threads,
)
from benchmarks.peers.deep import deep_task as task
from benchmarks.peers.deep.fma_peak import loops
from benchmarks.peers.deep.speed_table import OURS, Figure, Speeds, duration, markdown
from benchmarks.peers.deep.update_speed import measure, speeds_of

TINY = task.Size((5, 3), 4)
LEARNERS = (fastsoftq_deep.learning, *command.LEARNERS)


def names(peer):
    return peer.name


def present(peer):
    if reason := peer.missing():
        pytest.skip(reason)
    return peer


def test_the_twin_descends_along_finite_differences():
    rng = np.random.default_rng(3)
    parameters = [array.astype(float) for layer in task.layers(TINY, rng) for array in layer]
    observations, actions, goal = rng.normal(size=(4, 4)), np.array([0, 1, 1, 0]), rng.normal(size=4)

    def loss():
        x = observations
        for n in range(0, 6, 2):
            x = np.array([[sum(row * column) for column in parameters[n].T] for row in x]) + parameters[n + 1]
            x = x if n == 4 else np.where(x > 0.0, x, 0.0)
        return sum(0.5 * (x[i, a] - goal[i]) ** 2 for i, a in enumerate(actions)) / 4

    for array, gradient in zip(
        parameters, numpy_update._gradient(parameters, observations, actions, goal), strict=True
    ):
        for place in np.ndindex(array.shape):
            here = array[place]
            array[place] = here + 1e-6
            above = loss()
            array[place] = here - 1e-6
            below = loss()
            array[place] = here
            assert gradient[place] == pytest.approx((above - below) / 2e-6, abs=1e-8)


def test_the_first_step_of_the_twin_is_as_long_as_the_step_size():
    """Adam's first step is the step size in the direction of the gradient, whatever its length (Kingma & Ba 2015)."""
    rng = np.random.default_rng(1)
    online = task.layers(TINY, rng)
    twin = numpy_update.Updates(online, task.layers(TINY, rng), task.transitions(1, TINY.batch, rng))
    twin()
    change = np.concatenate([(new - old).ravel() for a, b in zip(twin.layers()[0], online, strict=True)
                             for new, old in zip(a, b, strict=True)])  # fmt: skip
    moved = change[np.abs(change) > 1e-6]
    assert len(moved) > 10
    np.testing.assert_allclose(np.abs(moved), task.STEP_SIZE, rtol=1e-3)


@pytest.mark.parametrize("size", [TINY, *task.SIZES], ids=lambda size: size.label)
@pytest.mark.parametrize("peer", command.UPDATES, ids=names)
def test_every_peer_makes_the_same_update(peer, size):
    assert same_learning.update_differences(present(peer), size) == []


def swapped(online, target, batches):
    return fastsoftq_deep.Updates(target, online, batches)


def never_terminated(online, target, batches):
    batches = [b._replace(terminated=np.zeros_like(b.terminated)) for b in batches]
    return fastsoftq_deep.Updates(online, target, batches)


class BiasesStand(fastsoftq_deep.Updates):
    def __init__(self, online, target, batches):
        super().__init__(online, target, batches)
        self._before = online[0]

    def layers(self):
        (found,) = super().layers()
        return [(*found[:-1], found[-1]._replace(biases=self._before[-1].biases))]


@pytest.mark.parametrize("other", [swapped, never_terminated, BiasesStand])
def test_another_update_is_found_out(other):
    found = same_learning.update_differences(task.UpdatePeer("other", other), task.SIZES[1])
    assert found
    assert all("of network 0 differ by" in what for what in found)


@pytest.mark.parametrize("peer", LEARNERS, ids=names)
def test_returns_are_the_lengths_of_the_episodes_that_ended(peer):
    """Each step of cart pole pays 1, so that all but the episode under way is in the sum; and seeds decide."""
    present(peer)
    pieces = 1 if peer is fastsoftq_deep.learning else 2

    def learned(first):
        learning = peer.learning(range(first, first + peer.seeds_together), 20_000, 4, pieces)
        for _ in range(pieces):
            learning.advance()
        return learning.progress()

    first, again, other = learned(0), learned(0), learned(50)
    assert first.returns.shape == first.episodes.shape == (peer.seeds_together, 4)
    total = first.returns.sum(axis=1)
    assert ((total > 20_000 - task.MAX_STEPS) & (total <= 20_000)).all()
    assert np.array_equal(first.returns, again.returns)
    assert not np.array_equal(first.returns, other.returns)


def test_every_peer_begins_the_same_curve():
    some = [peer for peer in command.LEARNERS if not peer.missing()]
    length = cart_pole_speed.QUICK._replace(steps=30_000, points=6, rounds=3)
    said = []
    speeds, differing = cart_pole_speed.measure(fastsoftq_deep.learning, some, length, said.append)
    assert differing == []
    assert speeds.seconds.keys() == {OURS, *(peer.name for peer in some)}
    assert speeds.times.keys() == {peer.name for peer in some}
    assert said[-1] == "cart pole, 30,000 steps: round 3 of 3"


def progress(seed, seeds, mean=100.0, points=10):
    rng = np.random.default_rng(seed)
    episodes = rng.integers(5, 20, (seeds, points))
    return task.Progress(episodes * (mean + rng.normal(0.0, 10.0, (seeds, 1))), episodes)


@pytest.mark.parametrize("seeds", [1, 2, 8])
def test_curves_within_chance_are_the_same_and_others_are_not(seeds):
    ours = progress(0, 10)
    assert same_learning.curve_differences(progress(1, seeds), ours) == []
    found = same_learning.curve_differences(progress(1, seeds, mean=250.0), ours)
    assert len(found) == same_learning.BLOCKS
    assert "between points 0 and 1 is" in found[0]
    assert f"of {seeds} seeds, not" in found[0]


def test_who_does_not_learn_is_told():
    solved, half = progress(0, 4, mean=490.0), progress(0, 4, mean=250.0)
    assert same_learning.short_of(solved) == []
    assert "below 475" in same_learning.short_of(half)[0]
    whole = cart_pole_speed.WHOLE
    found = cart_pole_speed.disagreements(OURS, {OURS: solved, "other": half}, whole)
    assert sum("other: the best points" in what for what in found) == 1
    assert sum("other: mean return" in what for what in found) == same_learning.BLOCKS


def test_epsilon_falls_on_a_line_over_the_first_half():
    assert [task.epsilon(step, 1000) for step in (0, 250, 500, 999)] == pytest.approx([1.0, 0.525, 0.05, 0.05])
    agent = fastsoftq_deep.deep(1000).agent
    assert (agent.epsilon.start, agent.epsilon.stop) == (task.EPSILON_START, task.EPSILON_END)


def test_ours_is_what_deep_is_unasked():
    import fastsoftq as fsq

    chosen = fastsoftq_deep.deep(task.STEPS)
    assert chosen == fsq.Deep(chosen.agent)


@pytest.mark.parametrize("width", [4, 8])
def test_chains_of_the_peak_are_worked_out_in_full(width):
    """x = x/2 + 1 has the fixed point 2, from which a start is half as far after each turn."""
    for chains, loop in loops(width).items():
        right = sum(width * (2.0 + (start - 2.0) / 2.0**5) for start in range(1, chains + 1))
        assert loop(5, np.float32(0.5), np.float32(1.0)) == pytest.approx(right, rel=1e-6)


def test_ratios_are_medians_of_rounds():
    row = speeds_of("work", {OURS: [1.0, 2.0, 4.0], "other": [3.0, 4.0, 20.0]})
    assert row == Speeds("work", {OURS: 2.0, "other": 4.0}, {"other": 3.0})


def test_updates_are_timed_for_each_network():
    row = measure([fastsoftq_deep.updates], TINY, rounds=2, batches=3)
    assert row.what == "update, 5-3, batch 4"
    assert 0.0 < row.seconds[OURS] < 1.0


def test_the_table_shows_the_fastest_of_a_name():
    rows = [
        Speeds(
            "work",
            {OURS: 1.5e-4, "PyTorch, foreach Adam": 2e-3, "PyTorch, fused Adam": 1e-3},
            {"PyTorch, fused Adam": 6.5},
        ),
        Speeds("whole", {OURS: 2.0}, {}),
    ]
    assert markdown(rows, [Figure("gain", 1.9876, "times one", "four seeds")]).splitlines() == [
        "|  | fastsoftq | PyTorch |",
        "| --- | --- | --- |",
        "| work | 150 µs | 1 ms (6.50×, fused Adam) |",
        "| whole | 2 s |  |",
        "",
        "|  |  |",
        "| --- | --- |",
        "| gain | 1.99 times one (four seeds) |",
    ]
    assert [duration(s) for s in (12.34, 0.0567, 0.00000123)] == ["12.3 s", "56.7 ms", "1.23 µs"]


@pytest.mark.parametrize("package", ["torch", "jax"])
def test_a_deep_peer_without_its_package_says_so(monkeypatch, package):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    some = [peer for peer in (*command.UPDATES, *command.LEARNERS) if package in peer.missing.__module__]
    assert len(some) > 2
    assert all(package in peer.missing() for peer in some)


def test_the_command_prints_and_writes_what_it_measured(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "pin", lambda: None)
    share = product_share.Share(32, 100e9, 85e9, 0.86)
    monkeypatch.setattr(product_share, "_in_a_process", lambda variables, rounds: share)
    monkeypatch.setattr(command, "UPDATES", command.UPDATES[:1])
    monkeypatch.setattr(task, "SIZES", (TINY,))
    arguments = ["--quick", "--only", "product", "--only", "update", "--output", str(tmp_path)]
    result = CliRunner().invoke(command.app, arguments)
    assert result.exit_code == 0, result.output
    written = json.loads((tmp_path / "deep.json").read_text(encoding="utf-8"))
    assert written["figures"][0]["value"] == 86.0
    assert written["speeds"][0]["seconds"].keys() == {OURS}
    assert written["machine"]["vectors"]
    assert "| product of 128 × 120 and 120 × 84, vectors of 256 bits | 86 % of the core's peak" in result.output
    assert (tmp_path / "deep.md").read_text(encoding="utf-8") in result.output


def test_what_differs_is_not_shown(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "pin", lambda: None)
    monkeypatch.setattr(command, "UPDATES", (task.UpdatePeer(OURS, never_terminated),))
    monkeypatch.setattr(task, "SIZES", (TINY,))
    result = CliRunner().invoke(command.app, ["--quick", "--only", "update", "--output", str(tmp_path)])
    assert result.exit_code == 1
    assert "do not learn the same" in result.output
    assert not list(tmp_path.iterdir())


def test_the_product_is_measured_beside_the_peak():
    share = product_share.measure(rounds=1)
    assert share.register_bytes in (16, 32, 64)
    assert share.peak > 1e9
    assert 0.0 < share.share < 1.2  # a busy machine may disturb either


def test_compiling_takes_longer_than_loading():
    compiled, cached = first_calls.figures(rounds=1)
    assert compiled.value > 2.0 * cached.value > 0.0


def test_a_first_call_that_fails_says_why(monkeypatch, tmp_path):
    monkeypatch.setattr(first_calls, "FIRST_CALL", "raise SystemExit('no room')")
    with pytest.raises(RuntimeError, match="no room"):
        first_calls.seconds(str(tmp_path))


def test_two_threads_are_held_against_one(monkeypatch):
    monkeypatch.setattr(two_threads, "processors", lambda: 2)
    (gain,) = two_threads.figures(steps=200, rounds=1)
    assert gain.value > 0.0
    assert gain.note == "4 seeds of 200 steps"


def test_one_processor_has_no_second_thread(monkeypatch):
    monkeypatch.setattr(two_threads, "processors", lambda: 1)
    assert two_threads.figures(steps=200, rounds=1) == []
