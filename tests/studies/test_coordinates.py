"""Conditions are data: hyperparameters are columns, whatever the names of conditions are."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.studies import Condition, Study, open_results, read_study, run
from fastsoftq.studies.coordinates import coordinates_of, matching, swept_columns
from fastsoftq.studies.origins import Origin, Origins
from fastsoftq.studies.study_records import canonical, sealed

SWEEP = Path(__file__).with_name("sweep.toml")
COLUMNS = [
    "environment",
    "agent",
    "algorithm",
    "step_size",
    "discount",
    "epsilon",
    "epsilon.start",
    "epsilon.stop",
    "epsilon.decrease",
    "reward_scale",
    "temperature",
    "environment.kind",
    "environment.size",
    "environment.height",
    "environment.width",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep") / "out"
    run(read_study(SWEEP), folder, source=SWEEP.read_text())
    return folder


def expected():
    """The conditions of sweep.toml, written out by hand."""
    worlds = [("goals[size=5]", "multi_goal", 5, None, None), ("goals[size=7]", "multi_goal", 7, None, None)]
    worlds += [("cliff", "cliff_walking", None, 3, 4)]
    for world, kind, size, height, width in worlds:
        for step_size in (0.5, 1.0):
            for constant in (0.1, None):
                decay = (None, None, None) if constant else (0.9, 0.1, 0.01)
                hard = ("hard", "q_learning", step_size, 0.95, constant, *decay, 1.0, None)
                yield (world, *hard, kind, size, height, width)
        for step_size in (0.5, 1.0):
            for scale in (5.0, 10.0):
                soft = ("soft", "soft_q_learning", step_size, 0.95, 0.0, None, None, None, scale, 1.0)
                yield (world, *soft, kind, size, height, width)


def test_every_column_is_as_in_the_file(folder):
    coordinates = open_results(folder).coordinates
    assert list(coordinates) == COLUMNS
    assert list(zip(*coordinates.values(), strict=True)) == list(expected())
    for column in coordinates.values():
        for value in column:
            assert value is None or type(value) in (str, float, int)


def test_what_is_swept_is_what_varies_within_a_table(folder):
    results = open_results(folder)
    varied = ("step_size", "epsilon", "epsilon.start", "epsilon.stop", "epsilon.decrease", "reward_scale")
    assert results.swept == (*varied, "environment.size")
    assert results.select(agent="soft").swept == ("step_size", "reward_scale", "environment.size")
    assert results.select(environment="cliff", agent="soft", step_size=1).swept == ("reward_scale",)
    assert results.worlds == ("goals",) * 16 + ("cliff",) * 8


def test_agents_of_two_tables_are_no_sweep(small, tmp_path):
    run(small(seeds=2), tmp_path)
    results = open_results(tmp_path)
    assert results.swept == ()
    assert results.coordinates["agent"] == ("hard", "soft")
    assert results.coordinates["environment"] == results.worlds == ("cliff", "cliff")


def test_settings_are_columns_where_conditions_differ_in_them():
    agents = {"hard": fsq.QLearning(0.8, 0.95), "soft": fsq.SoftQLearning(0.8, 0.95, reward_scale=5)}
    study = Study(
        name="tuning",
        episodes=10,
        seeds=4,
        environments={"cliff": fsq.cliff_walking(), "slope": fsq.cliff_walking(cliff_reward=-10)},
        agents=agents,
        conditions=[
            Condition("cliff", "hard", "before", max_steps=20),
            Condition("slope", "hard", "short", episodes=5, first_seed=4),
            Condition("slope", "hard", "after", after="before"),
            Condition("slope", "soft"),
        ],
    )
    found = coordinates_of(study.record, study.resolved, study.origins)
    assert found["episodes"] == (10, 5, 10, 10)
    assert found["max_steps"] == (20, 1000, 1000, 1000)
    assert found["first_seed"] == (0, 4, 0, 0)
    assert found["after"] == (None, None, "before", None)
    assert "precision" not in found
    # hard differs on slope only in episodes and in what it starts from; max_steps differs between worlds only
    assert swept_columns(found, study.resolved, study.origins) == ("episodes", "after")


def test_agents_of_ones_own_have_columns_too():
    record = {
        "agents": {
            "mine": {
                "kind": "their.module:Outer.DoubleQLearning",
                "code": {"a.py": "0" * 64},
                "zeta": 2.0,
                "episodes": 3.0,
                "inner": {"kind": "their.module:Inner", "rate": 0.5},
                "step_size": {"kind": "power_decay", "start": 1.0, "stop": 0.1, "power": 0.5},
            },
            "sarsa": {"kind": "SARSALambda", "step_size": 0.5, "list": [1, 2]},
        }
    }
    conditions = [
        Condition("w", agent, episodes=1, max_steps=1, precision="double", first_seed=0) for agent in ("mine", "sarsa")
    ]
    found = coordinates_of(record, conditions, Origins())
    assert found["algorithm"] == ("double_q_learning", "sarsa_lambda")
    assert list(found)[3:7] == ["step_size", "step_size.start", "step_size.stop", "step_size.power"]
    assert found["step_size"] == (None, 0.5)
    assert found["step_size.power"] == (0.5, None)
    assert found["agent.episodes"] == (3.0, None)  # "episodes" is what a table of results calls something else
    assert found["inner.rate"] == (0.5, None)
    assert found["inner.kind"] == ("their.module:Inner", None)
    assert found["list"] == (None, "(1 2)")
    assert not any("code" in column for column in found)


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"agent": "soft"}, 12),
        ({"algorithm": "soft_q_learning", "step_size": 0.5, "environment.size": 5}, 2),
        ({"step_size": 1}, 12),
        ({"step_size": np.float64(1.0)}, 12),
        ({"step_size": [0.5, 1.0], "reward_scale": (5, 10)}, 12),
        ({"reward_scale": {5, 10}, "environment": "cliff"}, 4),
        ({"reward_scale": np.array([5.0]), "environment": {"cliff", "goals[size=7]"}}, 4),
        ({"environment.size": range(5, 6)}, 8),
        ({"epsilon": None}, 6),
        ({"epsilon": [None, 0.1]}, 12),
        ({}, 24),
    ],
)
def test_select_gives_the_conditions_that_have_it(folder, wanted, count):
    results = open_results(folder)
    chosen = results.select(wanted)
    assert len(chosen.conditions) == count
    rows = dict(zip(results.conditions, expected(), strict=True))
    for name in results.conditions:
        own = dict(zip(COLUMNS, rows[name], strict=True))
        fits = all(
            own[key] in (list(of) if np.iterable(of) and not isinstance(of, str) else [of])
            for key, of in wanted.items()
        )
        assert (name in chosen.conditions) == fits
    plain = {key: value for key, value in wanted.items() if "." not in key}
    assert (
        results.select(wanted).conditions
        == results.select({key: value for key, value in wanted.items() if "." in key}, **plain).conditions
    )


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"step_siz": 1}, "select has 'step_siz'; did you mean 'step_size'? It must be one of 'environment', 'agent'"),
        ({"step_size": 0.4}, "step_size is 0.4; did you mean 0.5? It must be one of 0.5, 1.0"),
        ({"step_size": True}, "step_size is True; it must be one of 0.5, 1.0"),
        ({"step_size": "0.5"}, "step_size is '0.5'; it must be one of 0.5, 1.0"),
        ({"step_size": [0.5, 2]}, "step_size is 2; did you mean 1.0? It must be one of 0.5, 1.0"),
        ({"agent": "sofd"}, "agent is 'sofd'; did you mean 'soft'? It must be one of 'hard', 'soft'"),
        ({"temperature": 2}, "temperature is 2; did you mean 1.0? It must be one of None, 1.0"),
        (
            {"agent": "hard", "reward_scale": 5},
            "select has agent='hard', reward_scale=5; there is each of these, but no",
        ),
        ({"agent": []}, "no condition has all of them"),
    ],
)
def test_what_there_is_not_is_refused_with_the_nearest(folder, wanted, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is looked at next
        open_results(folder).select(wanted)
    assert message in str(caught.value)


def test_what_no_column_holds_is_refused(folder):
    results = open_results(folder)
    with pytest.raises(TypeError, match=r"select includes {}; it must be a number"):
        results.select(step_size={})
    with pytest.raises(TypeError, match="wanted is 3; it must be a mapping"):
        results.select(3)
    with pytest.raises(ValueError, match="agent is given twice"):
        results.select({"agent": "soft"}, agent="soft")


def test_a_message_lists_some_of_many():
    with pytest.raises(ValueError, match=r"one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 or another of 1,000$"):
        matching({"step_size": tuple(range(1000))}, {"step_size": True})


def test_what_is_selected_is_all_that_results_are(folder):
    results = open_results(folder)
    chosen = results.select(agent="soft").select({"environment.size": 7})
    assert len(chosen.conditions) == 4
    assert chosen.coordinates["reward_scale"] == (5.0, 10.0, 5.0, 10.0)
    assert len(results.conditions) == len(results.coordinates["agent"]) == 24  # as before
    for name in chosen.conditions:
        np.testing.assert_array_equal(chosen.curves(name).returns, results.curves(name).returns)
        assert chosen.agent(name) == results.agent(name)
        assert chosen.steps(name) == results.steps(name)
    with pytest.raises(ValueError, match="condition is 'cliff/soft"):
        chosen.curves("cliff/soft[step_size=1,reward_scale=5]")
    assert chosen._repr_html_().count("<tr") == 5
    assert re.fullmatch(r"<Results of '\w+': 4 conditions, [\d,]+ runs of each, curves kept>", repr(chosen))


def test_earlier_folders_have_them_from_the_text_they_keep(folder, tmp_path):
    results = open_results(folder)
    data = json.loads((folder / "study.json").read_bytes())
    for key in ("sha256", "reading"):
        del data[key]
    old = tmp_path / "old"
    old.mkdir()
    (old / "study.json").write_bytes(canonical(sealed(data)))
    assert open_results(old).coordinates == results.coordinates
    assert open_results(old).swept == results.swept
    (old / "study.json").write_bytes(canonical(sealed(data | {"source": None})))
    plain = open_results(old)
    assert plain.coordinates["agent"][0] == "hard[step_size=0.5,epsilon=0.1]"  # nothing is read out of a name
    assert plain.coordinates["step_size"] == results.coordinates["step_size"]
    assert plain.swept == ()


def test_names_say_nothing():
    origins = Origins(agents={"a": Origin("soft"), "b": Origin("soft")})
    agents = {"a": fsq.SoftQLearning(0.5, 0.9), "b": fsq.SoftQLearning(0.7, 0.9)}
    study = Study(
        name="s", episodes=1, seeds=1, environments={"w": fsq.cliff_walking()}, agents=agents, origins=origins
    )
    found = coordinates_of(study.record, study.resolved, study.origins)
    assert found["agent"] == ("soft", "soft")
    assert swept_columns(found, study.resolved, study.origins) == ("step_size",)


def test_xarray_has_them_along_conditions(folder):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("zarr")
    results = open_results(folder)
    dataset = results.to_xarray()
    assert isinstance(dataset, xarray.Dataset)
    for name, values in results.coordinates.items():
        column = dataset[name]
        assert column.dims == ("condition",)
        if any(isinstance(value, str) for value in values):
            assert column.values.tolist() == [value or "" for value in values]
        else:
            assert column.dtype == np.float64
            np.testing.assert_array_equal(column, [np.nan if value is None else value for value in values])
    soft = dataset.where(dataset.agent == "soft", drop=True)
    assert soft.sizes["condition"] == 12
    by_scale = dataset.returns.groupby("reward_scale").mean(...)
    for scale in (1.0, 5.0, 10.0):
        names = results.select(reward_scale=scale).conditions
        mean = np.mean([results.curves(name).returns.mean() for name in names])
        assert float(by_scale.sel(reward_scale=scale)) == pytest.approx(mean, rel=1e-12)
    chosen = results.select(agent="soft", environment="cliff").to_xarray()
    assert chosen.condition.values.tolist() == results.select(agent="soft", environment="cliff").conditions
    indexed = chosen.set_index(condition=["step_size", "reward_scale"])
    one = indexed.sel(step_size=1.0, reward_scale=5.0).returns
    np.testing.assert_array_equal(one, results.curves("cliff/soft[step_size=1,reward_scale=5]").returns)
