"""The main experiment, small, against planning, the arrays it hands over, and the numbers known beforehand."""

import re

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.experiments import EXPERIMENTS, Settings
from fastsoftq.experiments.hard_or_soft import AGENTS, _exact, _falls
from tests.experiments.running import array, trained

# Exact values at discount 0.95 without a limit of steps, from independent linear algebra.
UNLIMITED = {
    "soft_k1": (-49566.352, 49567.352),
    "soft_k2": (-32.535, 33.535),
    "soft_k10": (-12.013, 13.013),
}


SETTINGS = Settings(seeds=48, threads=2)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return trained("cliff-walking", SETTINGS, tmp_path_factory.mktemp("cliff"))


@pytest.fixture(scope="module")
def findings(results):
    return EXPERIMENTS["cliff-walking"].analyse(results, SETTINGS)


@pytest.fixture(scope="module")
def rows(findings):
    return {row["agent"]: row for row in findings.summary}


def test_the_agents_are_those_of_the_document():
    agents = {name: agent for name, (_, agent) in AGENTS.items()}
    assert len(agents) == 7
    epsilon = fsq.LinearDecay(0.9, 0.1, 0.001)
    assert agents.pop("hard") == fsq.QLearning(0.8, 0.95, epsilon)
    for k in (1.0, 2.0, 10.0):
        assert agents.pop(f"soft_k{k:.0f}") == fsq.SoftQLearning(0.8, 0.95, 1.0, k, 0.0)
        assert agents.pop(f"soft_k{k:.0f}_epsilon") == fsq.SoftQLearning(0.8, 0.95, 1.0, k, epsilon)
    assert not agents


@pytest.mark.parametrize("name", UNLIMITED)
def test_exact_values_are_those_known(rows, name):
    assert rows[name]["return_exact_unlimited"] == pytest.approx(UNLIMITED[name][0], abs=1e-3)
    assert rows[name]["length_exact_unlimited"] == pytest.approx(UNLIMITED[name][1], abs=1e-3)


@pytest.mark.parametrize("name", AGENTS)
@pytest.mark.parametrize("metric", ["return", "length"])
def test_what_is_learned_comes_to_what_is_exact(rows, name, metric):
    row = rows[name]
    error = (row[f"{metric}_high"] - row[f"{metric}_low"]) / 2.0
    assert abs(row[metric] - row[f"{metric}_exact"]) < 2.5 * error + 0.003 * abs(row[f"{metric}_exact"])


def test_greedy_policies_are_optimal_where_soft_values_are_cold_enough(rows):
    for name in ("hard", "soft_k10", "soft_k10_epsilon"):
        assert rows[name]["greedy_return"] == -12.0
        assert rows[name]["greedy_length"] == 13.0


def test_below_the_critical_reward_scale_nearly_every_episode_is_cut(rows, findings):
    assert rows["soft_k1"]["truncated"] > 0.95
    assert rows["soft_k2"]["truncated"] < 0.01
    (sentence,) = findings.sentences
    assert "1.3376435" in sentence
    assert f"{rows['soft_k1']['truncated']:.1%}" in sentence
    assert len(re.findall(r"\.(\s|$)", sentence)) == 1


@pytest.mark.parametrize("name", AGENTS)
def test_the_summary_is_that_of_the_arrays(findings, rows, name):
    row = rows[name]
    returns, lengths, truncated = (array(findings, f"{name}_{field}") for field in ("returns", "lengths", "truncated"))
    assert returns.shape == (48, 1000)
    assert row["return"] == pytest.approx(returns[:, -100:].mean())
    assert row["length"] == pytest.approx(lengths[:, -100:].mean())
    assert row["truncated"] == pytest.approx(truncated[:, -100:].mean())
    assert row["steps"] == lengths.sum()
    falls = (~truncated[:, -100:] - returns[:, -100:] - lengths[:, -100:]) / 99
    assert row["falls"] == pytest.approx(falls.mean())
    for metric in ("return", "length", "truncated", "falls"):
        assert row[f"{metric}_low"] <= row[metric] <= row[f"{metric}_high"]


def test_exact_curves_follow_epsilon():
    settings = Settings(seeds=2, episodes=1000, max_steps=300)
    mdp = fsq.cliff_walking()
    _, agent = AGENTS["soft_k10_epsilon"]
    returns, lengths, _ = _exact(mdp, agent, settings)
    policy = fsq.soft_value_iteration(mdp, 0.95, reward_scale=10.0).policy
    for episode in (0, 3, 217, 642, 799, 800, 999):
        epsilon = max(0.1, 0.9 - 0.001 * episode)
        exact = fsq.evaluate_policy(mdp, (1 - epsilon) * policy + epsilon / 4, horizon=300)
        assert returns[episode] == pytest.approx(exact.expected_return, rel=1e-4)
        assert lengths[episode] == pytest.approx(exact.expected_length, rel=1e-4)


def test_falls_are_counted_exactly():
    right_only = np.zeros((48, 4))
    right_only[:, 1] = 1.0  # from the start straight into the cliff
    falling = fsq.train(
        fsq.cliff_walking(),
        fsq.Frozen(fsq.QLearning(0.8, 0.95, epsilon=0.0)),
        seeds=2,
        episodes=1,
        max_steps=7,
        initial_q=right_only,
    )
    np.testing.assert_array_equal(_falls(falling), [[7.0], [7.0]])
    random = fsq.train(fsq.cliff_walking(), fsq.QLearning(0.8, 0.95, epsilon=1.0), seeds=5, episodes=20)
    dearer = fsq.train(fsq.cliff_walking(cliff_reward=-101.0), fsq.QLearning(0.8, 0.95, epsilon=1.0), 5, episodes=20)
    np.testing.assert_array_equal(random.lengths, dearer.lengths)  # the same steps, each fall one dearer
    np.testing.assert_array_equal(_falls(random), random.returns - dearer.returns)


def test_what_differs_from_run_to_run_is_told_apart(results, findings):
    told = findings.run
    assert list(told["agents"]) == results.conditions
    assert told["steps"] == sum(row["steps"] for row in findings.summary)
    assert told["agents"]["cliff/hard"]["steps"] == findings.summary[0]["steps"]
    assert told["agents"]["cliff/hard"]["agent"] == repr(AGENTS["hard"][1])
    assert told["agents"]["cliff/hard"]["steps_per_second"] > 0
    assert told["seconds"] > sum(agent["seconds"] for agent in told["agents"].values())
    assert (told["threads"], told["seeds"], told["episodes"], told["max_steps"]) == (2, 48, 1000, 1000)
    assert {"cpu", "python", "versions", "time"} <= set(told)
    assert not {"seconds", "steps_per_second"} & set(findings.summary[0])


def test_the_results_are_those_of_training(results):
    for name in ("hard", "soft_k10_epsilon"):
        _, agent = AGENTS[name]
        curves = fsq.train(fsq.cliff_walking(), agent, 3, 1000, keep_q=True, threads=1)
        kept = results.curves(f"cliff/{name}", runs=3)
        for field in ("returns", "lengths", "truncated", "seeds"):
            np.testing.assert_array_equal(getattr(kept, field), getattr(curves, field))
        np.testing.assert_array_equal(results.tables(f"cliff/{name}", runs=3), curves.final_q)


def test_few_episodes_are_enough_for_a_report(tmp_path):
    settings = Settings(seeds=2, episodes=1, max_steps=5, threads=1)
    small = EXPERIMENTS["cliff-walking"].analyse(trained("cliff-walking", settings, tmp_path), settings)
    assert [row["window"] for row in small.summary] == [1] * 7
    assert len(small.figures) == 2
