"""Experiments on the cliff and in the park, small: exact columns as known, and the same files every time."""

import csv

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.experiments import Settings, exploration, human_behaviour, reward_scale, traditional
from fastsoftq.experiments.document import slipping_cliff
from fastsoftq.planning.bellman import greedy_policy
from fastsoftq.report.findings import write
from tests.experiments import running

NAMES = ("traditional", "posterior", "reward-scale", "exploration", "robustness", "human-behaviour")
CLIFF = fsq.cliff_walking()


def findings(name, folder, threads=2):
    return running.findings(name, Settings(seeds=20, episodes=30, max_steps=100, threads=threads), folder)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return {name: findings(name, tmp_path_factory.mktemp(name)) for name in NAMES}


@pytest.fixture(scope="module")
def files(found, tmp_path_factory):
    return {name: write(found[name], tmp_path_factory.mktemp(name)) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_files(found, files, name):
    paths = {path.name: path for path in files[name]}
    assert {f"{name.replace('-', '_')}.svg", f"{name.replace('-', '_')}.png", "curves.npz"} <= set(paths)
    rows = list(csv.DictReader(paths["summary.csv"].read_text().splitlines()))
    assert len(rows) == len(found[name].summary)
    for row in rows:
        for column, value in row.items():
            if row.get(f"{column}_low") and value:
                assert float(row[f"{column}_low"]) <= float(value) <= float(row[f"{column}_high"])
    assert all(len(row) == len(found[name].table.header) for row in found[name].table.rows)
    assert not any("nan" in sentence.split() for sentence in found[name].sentences)


@pytest.mark.parametrize("name", ["traditional", "posterior", "robustness"])
def test_the_same_bytes_every_time(files, name, tmp_path):
    again = findings(name, tmp_path / "study", threads=1)
    for a, b in zip(files[name], write(again, tmp_path), strict=True):
        assert a.name == b.name
        if a.name != "run.json":
            assert a.read_bytes() == b.read_bytes(), a.name


def test_the_slippery_cliff_as_known(found):
    rows = {(row["policy"], round(row["slip"], 3)): row for row in found["posterior"].summary if "return" in row}
    best, played = rows["variational", 0.667], rows["posterior_played", 0.667]
    assert best["elbo"] == pytest.approx(-108.511, abs=5e-4)
    assert best["log_evidence"] == pytest.approx(-21.708, abs=5e-4)
    assert best["return_exact"] == pytest.approx(-80.5, abs=0.05)
    assert played["return_exact"] == pytest.approx(-1522.9, abs=0.05)
    for row in rows.values():  # twenty episodes: the spread of their mean, five times over
        spread = (row["return_high"] - row["return_low"]) / 2.0 / 2.09
        assert abs(row["return"] - row["return_exact"]) < 5.0 * spread
    imagined = rows["posterior_imagined", 0.667]
    posterior = fsq.optimal_trajectory_posterior(fsq.cliff_walking(slippery=True), 200, reward_scale=2.0)
    drawn = posterior.sample(4000, rng=9)
    total = drawn.rewards.sum(axis=1)
    assert imagined["return_exact"] == pytest.approx(total.mean(), abs=5.0 * total.std() / np.sqrt(4000))
    assert imagined["length_exact"] == pytest.approx(drawn.lengths.mean(), abs=0.4)


def test_bounds_hold_at_every_slip_and_touch_at_none(found):
    rows = [row for row in found["posterior"].summary if "return" not in row]
    assert len(rows) == 2 * 13
    for row in rows:
        assert row["elbo"] <= row["log_evidence"] + 1e-9
        if row["slip"] == 0.0:
            assert row["elbo"] == pytest.approx(row["log_evidence"], abs=1e-9)
        elif row["policy"] == "variational":
            assert row["elbo"] < row["log_evidence"] - 1.0


def test_lengths_at_known_reward_scales(found):
    rows = {row["reward_scale"]: row for row in found["reward-scale"].summary}
    for k, length in ((1.0, 49567.352), (2.0, 33.535), (10.0, 13.013)):
        assert rows[k]["length_exact"] == pytest.approx(length, abs=1e-3)
        assert rows[k]["length_cut_exact"] <= 100.0
    critical = fsq.critical_reward_scale(CLIFF)
    assert reward_scale._wandering(CLIFF, critical) == pytest.approx(0.0, abs=1e-9)
    # Where nobody falls a step costs 1, wherever one wanders.
    assert reward_scale._wandering(CLIFF, 2.0) == pytest.approx(critical - 2.0, abs=1e-6)


def test_learned_returns_come_to_the_exact_ones():
    curves = fsq.train(CLIFF, fsq.SoftQLearning(0.8, 0.95, 1.0, 2.0), seeds=60, episodes=600, threads=2)
    row = reward_scale._row(CLIFF, 2.0, curves, Settings(seeds=60, episodes=600))
    error = (row["length_high"] - row["length_low"]) / 2.0
    assert abs(row["length"] - row["length_cut_exact"]) < 3.0 * error


def test_planning_errors_fall_as_they_must(found):
    arrays = found["traditional"].arrays
    for world in ("straight", "slippery"):
        sweeps = arrays[f"{world}_value"]
        assert (sweeps[1:] <= 0.95 * sweeps[:-1] + 1e-12).all()  # a contraction
        assert arrays[f"{world}_policy"][-1] < 1e-10
        assert traditional._residual(fsq.cliff_walking(slippery=world == "slippery"), _solved(world)) < 1e-10


def _solved(world):
    return fsq.value_iteration(fsq.cliff_walking(slippery=world == "slippery"), 0.95)


def test_entropy_and_spread_have_closed_forms():
    corridor = fsq.from_map("S...G")
    right = np.tile([0.0, 1.0, 0.0, 0.0], (1, 5, 1))
    entropy, states = exploration._spread(corridor, right)
    share = 0.95 ** np.arange(4)
    share /= share.sum()
    assert entropy[0] == 0.0
    assert states[0] == pytest.approx(np.exp(-(share * np.log(share)).sum()))
    entropy, _ = exploration._spread(corridor, np.full((3, 5, 4), 0.25))
    assert entropy == pytest.approx(np.full(3, np.log(4.0)))
    occupied = fsq.occupancy(CLIFF, np.full((48, 4), 0.25), discount=0.95).visits
    occupied /= occupied.sum()
    seen = occupied > 0.0
    _, states = exploration._spread(CLIFF, np.full((1, 48, 4), 0.25))
    assert states[0] == pytest.approx(np.exp(-(occupied[seen] * np.log(occupied[seen])).sum()))


def test_actions_tried_are_those_taken():
    """A run's table differs from 0 where it acted: followed here one episode of one run at a time."""
    hard = fsq.QLearning(0.8, 0.95, epsilon=0.5)
    tables = [fsq.train(CLIFF, hard, 4, n, 200, keep_q=True, threads=1).final_q for n in (1, 3, 9)]
    share = np.column_stack([exploration._tried(CLIFF, q) for q in tables])
    assert (np.diff(share, axis=1) >= 0.0).all()
    assert share[:, -1] == pytest.approx(np.ones(4), abs=0.1)
    assert (share[:, 0] > 0.1).all()


def test_robustness_exact_answers(found):
    rows = {(row["world"], row["policy"]): row for row in found["robustness"].summary}
    assert rows["as trained", "hard greedy"]["return_exact"] == pytest.approx(-12.0)
    assert rows["one cell blocked", "hard greedy"]["success_exact"] == 0.0
    assert rows["one cell blocked", "hard greedy"]["return_exact"] == pytest.approx(-100.0)  # cut at 100 steps
    assert rows["one cell blocked", "soft k2"]["success_exact"] > 0.9
    slippery = slipping_cliff(2.0 / 3.0)
    policy = greedy_policy(_solved("slippery").q)
    known = fsq.evaluate_policy(fsq.cliff_walking(slippery=True), policy).expected_return
    assert fsq.evaluate_policy(slippery, policy).expected_return == pytest.approx(known, rel=1e-9)


def test_the_park_and_what_is_inferred_of_it(found):
    rows = {row["what"]: row for row in found["human-behaviour"].summary}
    for name, truth in zip(human_behaviour.FEATURES, human_behaviour.WEIGHTS, strict=True):
        assert rows[f"weight of {name}"]["estimate"] == pytest.approx(truth, abs=0.6)
    park = fsq.from_map(human_behaviour.PARK)
    features = human_behaviour._features(park)
    assert features.shape == (77, 4, 4)
    assert features[:, :, 0].all()  # every step is one
    assert features[0, 1].tolist() == [1.0, 0.0, 0.0, 0.0]
    assert features[1, 1].tolist() == [1.0, 0.0, 1.0, 0.0]
    model = rows["nats an action, soft less epsilon-greedy; demonstrator soft, T = 0.4"]
    assert model["estimate"] > 0.0
