"""Studies in worlds that change at an episode: written in TOML, resumed, verified, and read beside exact answers."""

import json
import math

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.attainable_returns import episode_bounds, return_span
from fastsoftq.exact_curves import exact_curves
from fastsoftq.measures import measure
from fastsoftq.report.page import write_report
from fastsoftq.studies import Condition, Study, open_results, read_study, run
from fastsoftq.studies.inspect import verify
from fastsoftq.studies.measured_runs import answer_for
from fastsoftq.studies.spec_errors import SpecError
from fastsoftq.studies.storing.storage import open_storage
from fastsoftq.studies.study_records import mdp_record
from fastsoftq.studies.worlds import damaged_worlds, kept_world

TEXT = """
name = "mazes"
episodes = 40
seeds = 60
max_steps = 300

[environments.maze]
kind = "dyna_maze"
layout = "blocking"
changes_at = [10, 25]

[agents.hard]
kind = "q_learning"
step_size = 0.5
discount = 0.95
"""
HARD = fsq.QLearning(0.5, 0.95, fsq.LinearDecay(0.9, 0.1, 0.05))


def maze_study(**changes):
    world = fsq.dyna_maze("blocking", changes_at=changes.pop("changes_at", 25))
    given = {"name": "maze", "episodes": 40, "seeds": 60, "max_steps": 300, "agents": {"hard": HARD}}
    return Study(environments={"maze": world}, **given | changes)


def test_a_study_in_toml_names_the_episode(tmp_path):
    (tmp_path / "study.toml").write_text(TEXT)
    study = read_study(tmp_path / "study.toml")
    assert [world.begins for world in study.environments.values()] == [(0, 10), (0, 25)]
    (tmp_path / "study.toml").write_text(TEXT.replace("[10, 25]", "0"))
    with pytest.raises(SpecError, match=r"environments\.maze\.changes_at is 0; it must be at least 1"):
        read_study(tmp_path / "study.toml")


def test_studies_are_the_same_if_all_phases_begin_alike():
    assert maze_study().identity == maze_study().identity
    assert maze_study().identity != maze_study(changes_at=24).identity
    record = maze_study().record["environments"]["maze"]
    assert record["begins"] == [0, 25]
    assert [phase["sha256"] for phase in record["phases"]] == [
        mdp_record(fsq.dyna_maze("blocking", changed=changed))["sha256"] for changed in (False, True)
    ]
    assert json.loads(json.dumps(record)) == record


def test_a_study_is_resumed_to_the_same_bytes(tmp_path):
    study = maze_study(tables=True)
    run(study, tmp_path / "whole", chunk=16)
    for part in (1, 2):
        run(study, tmp_path / "parts", chunk=16, part=(part, 2), threads=1)
    assert verify(tmp_path / "whole").digest == verify(tmp_path / "parts").digest is not None
    curves = fsq.train(study.environments["maze"], HARD, 60, 40, 300, keep_q=True)
    results = open_results(tmp_path / "parts")
    np.testing.assert_array_equal(results.curves("maze/hard").returns, curves.returns)
    more = maze_study(tables=True, seeds=80)
    assert run(more, tmp_path / "parts", chunk=16).old_runs == 60
    run(more, tmp_path / "more", chunk=16)
    assert verify(tmp_path / "parts").digest == verify(tmp_path / "more").digest


def test_a_folder_is_not_gone_on_with_if_the_change_comes_elsewhere(tmp_path):
    run(maze_study(), tmp_path)
    with pytest.raises(ValueError, match=r"begins \[0, 25\] there and \[0, 24\] here"):
        run(maze_study(changes_at=24), tmp_path)


def test_phases_are_kept_as_worlds_and_mended(tmp_path):
    study = maze_study()
    run(study, tmp_path)
    kept = open_results(tmp_path).mdp("maze")
    assert isinstance(kept, fsq.ChangingMDP)
    assert mdp_record(kept) == study.record["environments"]["maze"]
    worlds = sorted((tmp_path / "worlds").iterdir())
    assert [path.name for path in worlds] == sorted(p["sha256"] for p in study.record["environments"]["maze"]["phases"])
    worlds[0].write_bytes(b"something else")
    assert open_results(tmp_path).mdp("maze") is None
    assert open_results(tmp_path).exact("maze/hard") is None
    assert verify(tmp_path).damaged == (f"worlds/{worlds[0].name}",)
    assert run(study, tmp_path).damaged == (f"worlds/{worlds[0].name}",)
    assert open_results(tmp_path).mdp("maze") is not None


@pytest.mark.parametrize("phases", [None, 3, [], [3], [{}], [{"sha256": "../x"}, {"sha256": 5}], {"a": 1}])
def test_a_record_that_somebody_made_up_is_no_world(tmp_path, phases):
    storage = open_storage(tmp_path)
    record = maze_study().record["environments"]["maze"] | {"phases": phases}
    assert kept_world(storage, record) is None
    assert damaged_worlds(storage, {"maze": record}) == []
    assert kept_world(storage, record | {"begins": "soon"}) is None


def test_exact_answers_are_those_of_each_phase(tmp_path):
    run(maze_study(), tmp_path)
    results = open_results(tmp_path)
    found = results.exact("maze/hard")
    epsilon = np.maximum(0.1, 0.9 - 0.05 * np.arange(40))
    for episode in (0, 9, 24, 25, 26, 39):
        mdp = results.mdp("maze").at(episode)
        constant = HARD._replace(epsilon=float(epsilon[episode]))
        right = exact_curves(mdp, constant, 1, 300)
        assert math.isclose(found.lengths[episode], right.lengths[0], rel_tol=1e-9)
        assert math.isclose(found.returns[episode], right.returns[0], rel_tol=1e-9)
    assert found.optimum == 1.0
    each = [return_span(results.mdp("maze").at(episode), 300).random for episode in range(40)]
    assert math.isclose(found.random, np.mean(each), rel_tol=1e-12)


def test_regret_is_against_the_optimum_of_each_episode(tmp_path):
    """In a corridor that grows, the optimum is -1 and then -3: every step costs 1."""
    world = fsq.ChangingMDP({0: fsq.from_map("S.G##"), 5: fsq.from_map("S...G")}, name="growing")
    study = Study(
        name="growing", episodes=12, seeds=30, max_steps=50, environments={"growing": world}, agents={"hard": HARD}
    )
    run(study, tmp_path)
    results = open_results(tmp_path)
    span = results.return_span("growing/hard")
    assert (span.optimum, span.of_run) == ((5 * -1.0 + 7 * -3.0) / 12, True)
    regret = measure("regret")
    curves = results.curves("growing/hard")
    found = regret.values(curves, answer_for(results, "growing/hard", regret)).values
    optimum = np.where(np.arange(12) < 5, -1.0, -3.0)
    np.testing.assert_allclose(found, (optimum - curves.returns).sum(axis=1), rtol=1e-12)
    of = results.episode_bounds("growing/hard")
    assert of == ((-50.0, -1.0), (2.0, 50.0))
    low, high = regret.bounds(of, 12, span)
    assert low <= found.min() <= found.max() <= high


def test_bounds_are_those_of_all_phases():
    short, long = fsq.from_map("SG"), fsq.from_map("S..G", step_reward=-2.0)
    both = episode_bounds(fsq.ChangingMDP({0: short, 3: long}), 9)
    each = [episode_bounds(mdp, 9) for mdp in (short, long)]
    for field in ("returns", "lengths"):
        ends = [getattr(one, field) for one in each]
        assert getattr(both, field) == (min(low for low, _ in ends), max(high for _, high in ends))


def test_a_run_that_ends_before_the_change_never_meets_it():
    world = fsq.dyna_maze("blocking", changes_at=50)
    first = exact_curves(world, HARD, 30, 300)
    right = exact_curves(world.at(0), HARD, 30, 300)
    np.testing.assert_array_equal(first.lengths, right.lengths)
    assert return_span(world, 300, episodes=30) == return_span(world.at(0), 300)
    with pytest.raises(TypeError, match="episodes is None"):
        return_span(world, 300)


def test_tables_go_on_from_one_world_to_another(tmp_path):
    """A world that changes is a source of tables, and takes them, as any other; it begins with its own episode 0."""
    maze, plain = fsq.dyna_maze("blocking", changes_at=5), fsq.dyna_maze("blocking", changed=True)
    study = Study(
        name="after", episodes=10, seeds=20, max_steps=100, environments={"maze": maze, "plain": plain},
        agents={"hard": HARD},
        conditions=(Condition("maze", "hard"), Condition("plain", "hard", name="then", after="maze/hard")),
        tables=True,
    )  # fmt: skip
    run(study, tmp_path)
    first = fsq.train(maze, HARD, 20, 10, 100, keep_q=True)
    right = fsq.train(plain, HARD, 20, 10, 100, initial_q=first.final_q)
    np.testing.assert_array_equal(open_results(tmp_path).curves("then").returns, right.returns)


def test_a_study_that_counts_steps_refuses_it():
    deep = fsq.Deep(fsq.QLearning(1e-3, 0.9), fsq.MLP((4,)))
    with pytest.raises(TypeError, match=r"environments\['maze'\].*changes at an episode"):
        Study(name="deep", steps=100, seeds=2, environments={"maze": fsq.dyna_maze("blocking", changes_at=5)},
              agents={"deep": deep})  # fmt: skip


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("last", "what there is to earn changes in maze in the course of a run"),
        ("area", "where 0 is random and 1 the optimum"),
    ],
)
def test_worlds_whose_optimum_changes_are_put_together_by_area_only(tmp_path, name, said):
    worlds = {"maze": fsq.dyna_maze("blocking", changes_at=5), "cliff": fsq.cliff_walking()}
    agents = {"slow": HARD._replace(step_size=0.1), "fast": HARD}
    study = Study(
        name="two", episodes=10, seeds=20, max_steps=100, environments=worlds, agents=agents, measures=(name,)
    )
    run(study, tmp_path / "two")
    page = write_report(tmp_path / "two", out=tmp_path / "page.html")
    assert said in page.read_text()
