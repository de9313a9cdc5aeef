"""The experiments with several goals: what they say of exact answers, and the same findings from the same seeds."""

import csv

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.experiments import EXPERIMENTS, Settings, fine_tuning, four_goals
from fastsoftq.experiments.goals_reached import NEAR_TIES, reached
from fastsoftq.planning.bellman import greedy_policy, soft_policy
from fastsoftq.report.findings import write
from tests.experiments import running

NAMES = ("multi-goal", "point-mass", "pretraining")


SETTINGS = Settings(3, 12, 40, threads=1)


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    return {name: running.trained(name, SETTINGS, tmp_path_factory.mktemp(name)) for name in NAMES}


@pytest.fixture(scope="module")
def all_findings(studied):
    return {name: EXPERIMENTS[name].analyse(studied[name], SETTINGS) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_files_and_their_numbers(all_findings, name, tmp_path):
    found = all_findings[name]
    assert f"{name.replace('-', '_')}.svg" in {path.name for path in write(found, tmp_path)}
    rows = list(csv.DictReader((tmp_path / "summary.csv").read_text().splitlines()))
    assert len(rows) == len(found.table.rows)
    assert all(len(row) == len(found.table.header) for row in found.table.rows)
    for row in rows:
        for column in row:
            if f"{column}_low" in row:
                assert float(row[f"{column}_low"]) <= float(row[column]) <= float(row[f"{column}_high"])
    assert len(found.sentences) == 1
    assert "nan" not in found.sentences[0]


@pytest.mark.parametrize("name", NAMES)
def test_threads_change_nothing(all_findings, name, tmp_path):
    found, again = all_findings[name], running.findings(name, Settings(3, 12, 40, threads=2), tmp_path)
    assert again.table == found.table
    assert again.sentences == found.sentences
    assert again.arrays.keys() == found.arrays.keys()
    for key in found.arrays:
        np.testing.assert_array_equal(running.array(found, key), running.array(again, key))


def test_hard_has_one_best_goal_where_rewards_differ_and_soft_keeps_four(all_findings):
    """The exact columns do not depend on how little is learned here."""
    rows = {(row["room"], row["agent"]): row for row in all_findings["multi-goal"].summary}
    goals = {("ties", "hard"): 4, ("ties", "hard_first"): 1, ("near_ties", "hard"): 1, ("near_ties", "hard_first"): 1}
    for key, count in goals.items():
        assert rows[key]["entropy_exact"] == pytest.approx(np.log(count))
        assert rows[key]["length_exact"] == pytest.approx(10.0)
    assert rows["ties", "soft"]["entropy_exact"] == pytest.approx(np.log(4))
    assert rows["near_ties", "soft"]["entropy_exact"] == pytest.approx(np.log(4), abs=1e-3)


def test_the_point_mass_spreads_over_all_goals_on_either_lattice(all_findings):
    rows = {row["case"]: row for row in all_findings["point-mass"].summary}
    for case in ("soft_exact_0.5", "soft_exact_0.25", "hard_exact_0.5"):
        assert [rows[case][f"goal_{goal}"] for goal in range(4)] == pytest.approx([rows[case]["arrives"] / 4] * 4)
        assert rows[case]["arrives"] > 0.99
    assert rows["hard_first_exact_0.5"]["goal_0"] > 0.97
    assert abs(rows["soft_exact_0.5"]["value_at_start"] - rows["soft_exact_0.25"]["value_at_start"]) < 2.0


def test_learned_goal_shares_come_to_the_exact_ones():
    """In a smaller room, where little training is enough."""
    mdp = fsq.multi_goal(7, goal_rewards=NEAR_TIES)
    hard = fsq.train(mdp, four_goals.HARD, 8, 600, 200, keep_q=True, threads=1)
    np.testing.assert_array_equal(reached(mdp, map(greedy_policy, hard.final_q), 200).shares, [[1, 0, 0, 0]] * 8)
    soft = fsq.train(mdp, four_goals.SOFT, 8, 3000, 200, keep_q=True, threads=1)
    exact = fsq.soft_value_iteration(mdp, four_goals.DISCOUNT, reward_scale=four_goals.REWARD_SCALE).policy
    learned = reached(mdp, (soft_policy(q, 1.0) for q in soft.final_q), 200)
    np.testing.assert_allclose(learned.shares, reached(mdp, [exact], 200).shares.repeat(8, 0), atol=1e-3)


def test_fine_tuning_starts_from_each_runs_own_table_by_where_states_lie(studied):
    """Against training by hand: in the room with walls, states that were left out make all others move up."""
    results = studied["pretraining"]
    old, new = fine_tuning.room(), fine_tuning.room(walls="u-maze")
    assert new.n_states < old.n_states
    for source, agent in fine_tuning.TUNERS.items():
        pretrained = fsq.train(old, agent, 3, 12, 40, keep_q=True, threads=1)
        place = {tuple(cell): state for state, cell in enumerate(old.cells)}
        start = pretrained.final_q[:, [place[tuple(cell)] for cell in new.cells]]
        curves = fsq.train(new, fine_tuning.TUNERS["soft"], [3, 4, 5], 4, 40, initial_q=start, threads=1)
        kept = results.curves(f"U-maze: soft, pretrained {source}")
        np.testing.assert_array_equal(kept.lengths, curves.lengths)
        np.testing.assert_array_equal(kept.seeds, [3, 4, 5])


def test_from_an_exact_table_nothing_is_left_to_learn():
    mdp = fsq.multi_goal(9, goal_rewards=NEAR_TIES)
    exact = fsq.soft_value_iteration(mdp, fine_tuning.DISCOUNT, reward_scale=fine_tuning.REWARD_SCALE)
    curves = fsq.train(mdp, fine_tuning.TUNERS["soft"], 64, 100, 500, initial_q=exact.q, threads=1)
    length = fsq.evaluate_policy(mdp, exact.policy).expected_length
    assert curves.lengths.mean() == pytest.approx(length, abs=5 * curves.lengths.mean(axis=1).std() / 8)


def test_the_point_mass_says_how_many_seeds_and_episodes_it_takes(all_findings):
    found = all_findings["point-mass"]
    assert "at most 16 seeds, in 20 times the episodes asked for: a run has 21,025 values" in found.table.caption
    assert "240 episodes, 3 seeds" in found.title


def test_lengths_of_two_seeds_are_lengths(all_findings):
    for row in all_findings["multi-goal"].summary:
        assert row["length_low"] >= 1.0
        assert row["length_high"] <= max(40.0, 2 * row["length"])
