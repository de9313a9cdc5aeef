import pickle
import re
import subprocess
import sys

import pytest

import fastsoftq as fsq
from fastsoftq.studies.study import Study
from fastsoftq.studies.study_records import agent_from_record
from fastsoftq.studies.sweep import swept
from fastsoftq.studies.toml import SpecError, parse_study, read_study

TEXT = """\
name = "hard-vs-soft"
episodes = 1000
seeds = 10000                      # or { start = 0, count = 10000 }
max_steps = 1000
[environments.cliff]
kind = "cliff_walking"
[agents.hard]
kind = "q_learning"
step_size = 0.8
discount = 0.95
epsilon = { start = 0.9, stop = 0.1, decrease = 0.001 }
[agents.soft]
kind = "soft_q_learning"
step_size = 0.8
discount = 0.95
reward_scale = [1, 2, 5, 10]       # a list is swept; several lists make their product
"""


def read(tmp_path, text):
    path = tmp_path / "study.toml"
    path.write_text(text)
    return read_study(path)


def in_python(**changes):
    agents = {"hard": fsq.QLearning(0.8, 0.95, fsq.LinearDecay(0.9, 0.1, 0.001))}
    for scale in (1, 2, 5, 10):
        agents[f"soft[reward_scale={scale}]"] = fsq.SoftQLearning(0.8, 0.95, reward_scale=scale)
    fields = {
        "name": "hard-vs-soft",
        "episodes": 1000,
        "seeds": 10000,
        "environments": {"cliff": fsq.cliff_walking()},
        "agents": agents,
    }
    return Study(**(fields | changes))


def test_a_file_and_python_make_the_same_study(tmp_path):
    study = read(tmp_path, TEXT)
    assert study.record == in_python().record
    assert study.identity == in_python().identity
    assert [c.name for c in study.conditions][:2] == ["cliff/hard", "cliff/soft[reward_scale=1]"]
    assert study.seeds == range(10000)


def test_the_identity_is_stable():
    # A change here orphans every folder of results: make it only for a reason.
    assert in_python().identity == "cfbfa5e95cb190867d9d95ebcd5aecb7364470ecff13433ab348aeb326676ca4"


def test_the_identity_is_that_of_the_data(tmp_path):
    for old, new in (
        ("seeds = 10000 ", "seeds = { count = 10000, start = 0 } "),
        ("max_steps = 1000\n", ""),
        ("discount = 0.95\nepsilon", "reward_scale = 1\ndiscount = 0.95\nepsilon"),
    ):
        assert old in TEXT
        assert read(tmp_path, TEXT.replace(old, new)).identity == in_python().identity
    other = [
        in_python(name="x"),
        in_python(episodes=999),
        in_python(seeds=range(1, 10001)),
        in_python(max_steps=999),
        in_python(precision="mixed"),
        in_python(keep="summary"),
        in_python(keep="summary", block=64),
        in_python(environments={"cliff": fsq.cliff_walking(slippery=True)}),
        in_python(environments={"ledge": fsq.cliff_walking()}),
    ]
    assert len({study.identity for study in [in_python(), *other]}) == len(other) + 1


def test_a_study_survives_pickling():
    study = pickle.loads(pickle.dumps(in_python()))
    assert study.identity == in_python().identity
    assert dict(study.agents) == dict(in_python().agents)


def test_a_study_cannot_be_changed():
    study = in_python()
    with pytest.raises(AttributeError):
        study.episodes = 3
    with pytest.raises(TypeError):
        study.agents["other"] = None


def test_agents_come_back_from_their_records():
    agents = {
        "a": fsq.SoftQLearning(fsq.PowerDecay(1, 0.01, 0.7), 0.9, temperature=fsq.LinearDecay(2, 1, 0.1)),
        "b": fsq.Frozen(fsq.QLearning(0.1, 0.9)),
        "c": fsq.ExpectedSarsa(0.1, 0.9),
    }
    study = in_python(agents=agents)
    for name, agent in agents.items():
        assert agent_from_record(study.record["agents"][name]) == agent
        assert type(agent_from_record(study.record["agents"][name])) is type(agent)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("step_size", "step_sise", "line 9: agents.hard.step_sise is not known; did you mean 'step_size'?"),
        ("0.8", "1.8", r"line 9: agents.hard.step_size is 1.8; it must lie in \(0, 1\]"),
        ('"q_learning"', '"q_lerning"', "line 8: agents.hard.kind is 'q_lerning'; did you mean 'q_learning'?"),
        ("episodes = 1000", "episodes = 0", "line 2: episodes is 0; it must be at least 1"),
        ("episodes =", "episods =", "line 2: episods is not known; did you mean 'episodes'?"),
        ("episodes = 1000\n", "", "study.toml: episodes is missing"),
        ("seeds = 10000", "seeds = { start = 1 }", "line 3: seeds.count is missing"),
        ("seeds = 10000", "seeds = { start = -1, count = 2 }", "line 3: seeds.start is -1"),
        ("seeds = 10000", "seeds = 1.5", "line 3: seeds is 1.5; it must be an integer"),
        ("max_steps", 'keep = "all"\nmax_steps', "line 4: keep is 'all'; it must be one of 'curves', 'summary'"),
        ('"cliff_walking"', '"clif_walking"', "line 6: environments.cliff.kind is 'clif_walking'; did you mean"),
        (
            '"cliff_walking"',
            '"cliff_walking"\nslipery = true',
            "line 7: .*slipery is not known; did you mean 'slippery'?",
        ),
        ('"cliff_walking"', '"cliff_walking"\nheight = 1', "line 7: environments.cliff.height is 1"),
        ('"cliff_walking"', '"map"\nrows = "S.X"', r"line 7: environments.cliff.rows\[0\]\[2\] is 'X'"),
        ('kind = "q_learning"\n', "", "line 7: agents.hard.kind is missing; it must be one of 'q_learning'"),
        ("decrease", "decrese", "line 11: agents.hard.epsilon.decrese is not known; did you mean 'decrease'?"),
        (
            ", stop = 0.1",
            "",
            "line 11: agents.hard.epsilon has start, decrease; a schedule is { start, stop, decrease }",
        ),
        ("stop = 0.1", "stop = 1.1", "line 11: agents.hard.epsilon.stop is 1.1"),
        ("[1, 2, 5, 10]", "[]", r"line 16: agents.soft.reward_scale is \[\]"),
        ("[1, 2, 5, 10]", "[1, 1]", r"line 16: agents.soft.reward_scale is \[1, 1\]; .* no value may repeat"),
        ("[1, 2, 5, 10]", "[1, -2]", "line 16: agents.soft.reward_scale is -2.0; it must be above 0"),
        ("[agents.hard]", "[agents]\nhard = 3\n[agents.other]", "line 8: agents.hard is 3; it must be a table"),
        ('"cliff_walking"', '"cliff_walking', r"study.toml: .*\(at line 6"),
    ],
)
def test_errors_name_the_line_and_what_is_right(tmp_path, old, new, message):
    assert old in TEXT
    with pytest.raises(SpecError, match=message):
        read(tmp_path, TEXT.replace(old, new, 1))


def test_errors_of_plain_data_name_the_entry():
    with pytest.raises(SpecError, match="agents is 3; it must be a table") as caught:
        parse_study({"name": "x", "episodes": 1, "seeds": 1, "environments": {}, "agents": 3})
    assert caught.value.at == ("agents",)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"agents": {}}, ValueError, "agents is empty"),
        ({"agents": {"a/b": fsq.QLearning(0.1, 0.9)}}, ValueError, "agents includes the name 'a/b'"),
        ({"agents": {"a": 3}}, TypeError, "agent is 3"),
        ({"environments": {"a": "cliff"}}, TypeError, r"environments\['a'\] is 'cliff'; it must be a TabularMDP"),
        ({"environments": {3: fsq.cliff_walking()}}, ValueError, "environments includes the name 3; it must be a"),
        ({"environments": {"": fsq.cliff_walking()}}, ValueError, "environments includes the name ''; it must be a"),
        ({"seeds": range(0, 10, 2)}, ValueError, "seeds is range"),
        ({"seeds": range(2**64 - 1, 2**64 + 1)}, ValueError, "seeds is range"),
        ({"seeds": range(2**63)}, ValueError, r"seeds is range\(0, 9223372036854775808\); it must be a count or"),
        ({"name": ""}, TypeError, "name is ''"),
        ({"precision": "duoble"}, ValueError, "did you mean 'double'?"),
        ({"block": 0}, ValueError, "block is 0"),
    ],
)
def test_a_study_checks_its_parts(change, error, message):
    with pytest.raises(error, match=message):
        in_python(**change)


def test_lists_are_swept_wherever_they_are():
    labels = [label for label, _ in swept({"kind": "x", "a": [1, 2], "b": {"start": 1, "stop": [0.1, 0.2]}})]
    assert labels == ["a=1,b.stop=0.1", "a=1,b.stop=0.2", "a=2,b.stop=0.1", "a=2,b.stop=0.2"]
    assert swept({"a": 1}) == [("", {"a": 1})]
    assert swept({"goals": [[1, 2], [3, 4]], "wet": True}) == [
        ("goals=(1 2)", {"goals": [1, 2], "wet": True}),
        ("goals=(3 4)", {"goals": [3, 4], "wet": True}),
    ]
    table = {"epsilon": [{"start": 1, "stop": 0}, 0.1]}
    assert [label for label, _ in swept(table)] == ["epsilon=(start=1 stop=0)", "epsilon=0.1"]
    assert table == {"epsilon": [{"start": 1, "stop": 0}, 0.1]}


AGENT = {"kind": "soft_q_learning", "step_size": 0.1, "discount": 0.9}
WORLD = {"kind": "cliff_walking"}


@pytest.mark.parametrize(
    ("agents", "environments", "name"),
    [
        (
            {"soft": AGENT | {"step_size": [0.1, 0.2]}, "soft[step_size=0.1]": AGENT},
            {"cliff": WORLD},
            "soft[step_size=0.1]",
        ),
        (
            {"soft[step_size=0.1]": AGENT, "soft": AGENT | {"step_size": [0.2, 0.1]}},
            {"cliff": WORLD},
            "soft[step_size=0.1]",
        ),
        (
            {"soft": AGENT | {"step_size": [0.1], "discount": [0.9]}, "soft[step_size=0.1,discount=0.9]": AGENT},
            {"cliff": WORLD},
            "soft[step_size=0.1,discount=0.9]",
        ),
        ({"a": AGENT}, {"w": WORLD | {"width": [5, 6]}, "w[width=6]": WORLD}, "w[width=6]"),
    ],
)
def test_two_conditions_of_one_name_are_refused(agents, environments, name):
    data = {"name": "x", "episodes": 1, "seeds": 1, "environments": environments, "agents": agents}
    with pytest.raises(SpecError, match=rf"has two that are called '{re.escape(name)}'; .*rename one"):
        parse_study(data)


def test_a_zero_has_no_sign():
    for field in ("epsilon", "discount"):
        ways = [in_python(agents={"a": fsq.QLearning(0.1, 0.9)._replace(**{field: zero})}) for zero in (0.0, -0.0, 0)]
        assert len({study.identity for study in ways}) == 1
        assert all(str(getattr(study.agents["a"], field)) == "0.0" for study in ways)
    ways = [in_python(agents={"a": fsq.QLearning(0.1, fsq.LinearDecay(0.5, zero, zero))}) for zero in (0.0, -0.0)]
    assert ways[0].identity == ways[1].identity
    worlds = [fsq.TabularMDP([[0, 0]], [[-1.0, zero]], [[False, True]], name="w") for zero in (0.0, -0.0)]
    worlds.append(fsq.TabularMDP([[[0, 0]] * 2], [[-1.0, 0]], [[False, True]], [[[1.0, -0.0]] * 2], name="w"))
    worlds.append(fsq.TabularMDP([[[0, 0]] * 2], [[-1.0, 0]], [[False, True]], [[[1.0, 0.0]] * 2], name="w"))
    ids = [in_python(environments={"w": world}).identity for world in worlds]
    assert ids[0] == ids[1]
    assert ids[2] == ids[3]


@pytest.mark.parametrize("values", [[10, 10.0], [0.0, -0.0], [{"start": 1, "stop": 0.0, "decrease": 1}] * 2])
def test_equal_values_are_swept_once(values):
    with pytest.raises(ValueError, match=r"epsilon is .*no value may repeat"):
        swept({"epsilon": values})


def test_importing_the_package_stays_light():
    heavy = ["numba", "numcodecs", "zarr", "rich", "xarray", "distributed"]
    code = f"import fastsoftq, sys; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
