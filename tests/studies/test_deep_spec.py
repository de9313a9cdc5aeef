"""Deep studies as data: what they count, their records, their files, and what is refused."""

import pickle
import re
import tomllib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.agents.epsilon_greedy import epsilon_greedy
from fastsoftq.agents.rules import bootstrap, rule
from fastsoftq.deep.learner import Deep, Munchausen
from fastsoftq.deep.replay import PrioritizedReplay, Replay, Rollouts
from fastsoftq.environments import cart_pole, multi_goal_point_mass, observed
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.networks.architectures import MLP, Convolutional
from fastsoftq.networks.losses import Huber
from fastsoftq.networks.optimizers import RMSProp
from fastsoftq.studies import Condition, Study
from fastsoftq.studies.deep_worlds import deep_world_record, n_parameters, tabular_of
from fastsoftq.studies.study_records import UnknownAgent, agent_from_record, agent_record
from fastsoftq.studies.toml import SpecError, parse_study, read_study
from tests.studies.small_deep import HARD, deep, deep_study

TEXT = """\
name = "deep"
steps = 2000
points = 10
seeds = 3
[environments.pole]
kind = "cart_pole"
[environments.cliff]
kind = "cliff_walking"
view = ["one_hot", "coordinates"]
[agents.soft]
kind = "deep"
target_period = 100
clip = [false, 10.0]
[agents.soft.agent]
kind = "soft_q_learning"
step_size = { start = 0.001, stop = 0.0001, decrease = 1e-6 }
discount = 0.99
[agents.soft.network]
kind = "mlp"
hidden = [[16], [16, 16]]
[agents.soft.replay]
kind = "replay"
start = 100
batch = 16
[agents.soft.munchausen]
weight = [0.8, 0.9]
"""


def read(tmp_path, text):
    path = tmp_path / "study.toml"
    path.write_text(text)
    return read_study(path)


def test_a_file_and_python_make_the_same_study(tmp_path):
    learner = fsq.SoftQLearning(fsq.LinearDecay(0.001, 0.0001, 1e-6), 0.99)
    agents = {
        f"soft[clip={said},network.hidden=({' '.join(map(str, hidden))}),munchausen.weight={weight}]": Deep(
            learner,
            network=MLP(hidden),
            replay=Replay(start=100, batch=16),
            target_period=100,
            munchausen=Munchausen(weight),
            clip=clip,
        )
        for said, clip in (("false", None), ("10.0", 10.0))
        for hidden in ((16,), (16, 16))
        for weight in (0.8, 0.9)
    }
    environments = {
        "pole": cart_pole(),
        "cliff[view=one_hot]": fsq.cliff_walking(),
        "cliff[view=coordinates]": observed(fsq.cliff_walking(), "coordinates"),
    }
    study = Study(name="deep", steps=2000, points=10, seeds=3, environments=environments, agents=agents)
    there = read(tmp_path, TEXT)
    assert [c.name for c in there.conditions] == [c.name for c in study.conditions]
    assert there.identity == study.identity
    assert pickle.loads(pickle.dumps(study)).identity == study.identity


def test_a_list_of_units_is_one_network_and_a_list_of_lists_is_a_sweep(tmp_path):
    single = TEXT.replace("[[16], [16, 16]]", "[16, 32]").replace("clip = [false, 10.0]\n", "")
    single = single.replace("[0.8, 0.9]", "0.8").replace('["one_hot", "coordinates"]', '"picture"')
    study = read(tmp_path, single)
    assert study.agents["soft"].network == MLP((16, 32))
    assert list(study.agents) == ["soft"]
    assert read(tmp_path, single.replace("[16, 32]", "[]")).agents["soft"].network == MLP(())
    one = read(tmp_path, single.replace("[16, 32]", "[[16, 32]]"))
    assert list(one.agents) == ["soft[network.hidden=(16 32)]"]


def test_what_may_be_left_out_is_so_where_it_is_false(tmp_path):
    text = TEXT.replace("[agents.soft.munchausen]\nweight = [0.8, 0.9]\n", "")
    text = text.replace("clip = [false, 10.0]", "munchausen = [false, { weight = 0.5 }]")
    study = read(tmp_path, text.replace("[[16], [16, 16]]", "[16]"))
    assert [agent.munchausen for agent in study.agents.values()] == [None, Munchausen(0.5)]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("hidden =", "hiden =", "line 20: agents.soft.network.hiden is not known; did you mean 'hidden'?"),
        ('"mlp"', '"mlq"', "line 19: agents.soft.network.kind is 'mlq'; did you mean 'mlp'?"),
        (
            'kind = "mlp"\n',
            "",
            "line 18: agents.soft.network.kind is missing; it must be one of 'mlp', 'convolutional'",
        ),
        ("[[16], [16, 16]]", "[16, 0]", r"line 20: agents.soft.network.hidden\[1\] is 0; it must be at least 1"),
        ("[[16], [16, 16]]", "16", "line 20: agents.soft.network.hidden is 16"),
        ("[[16], [16, 16]]", "[[[16]]]", "line 20: agents.soft.network.hidden"),
        ("batch = 16", "batch = 0", "line 24: agents.soft.replay.batch is 0; it must be at least 1"),
        ("[0.8, 0.9]", "1.8", r"line 26: agents.soft.munchausen.weight is 1.8; it must lie in \[0, 1\]"),
        ("weight", "wight", "line 26: agents.soft.munchausen.wight is not known; did you mean 'weight'?"),
        ("target_period = 100", "target_period = 0", "line 12: agents.soft.target_period is 0"),
        ("[false, 10.0]", "0.0", "line 13: agents.soft.clip is 0.0; it must be above 0"),
        ("[false, 10.0]", "false\nloss = 'huber'", "line 14: agents.soft.loss is 'huber'; it must be a table"),
        ("[false, 10.0]", "false\nn_step = 3", "line 14: agents.soft.n_step is 3; with munchausen it must be 1"),
        (
            '"soft_q_learning"',
            '"sarsa"',
            "line 14: agents.soft.agent is of type Sarsa, which learns from the action",
        ),
        ("discount = 0.99", "discount = 1.99", r"line 17: agents.soft.agent.discount is 1.99; it must lie in \[0, 1\]"),
        ("stop = 0.0001", "stop = 0.1", "line 16: agents.soft.agent.step_size.stop is 0.1"),
        ("steps = 2000", "steps = 0", "line 2: steps is 0; it must be at least 1"),
        ("points = 10", "points = 5000", "line 3: points is 5000; it must be at most 2000"),
        ("steps = 2000", "steps = 2000\nepisodes = 5", "line 3: episodes is there, and so is steps; a study counts"),
        ("steps = 2000", "steps = 2000\ncheckpoints = [5]", "line 3: checkpoints is there, and so is steps"),
        ("steps = 2000", "episodes = 5", "line 3: points is there, and so is episodes"),
        (
            "steps = 2000\npoints = 10",
            "episodes = 5",
            "line 5: environments.pole.kind is 'cart_pole', which is for deep",
        ),
        (
            '["one_hot", "coordinates"]',
            '"onehot"',
            "line 9: environments.cliff.view is 'onehot'; did you mean 'one_hot'",
        ),
        ('"cart_pole"', '"cart_pool"', "line 6: environments.pole.kind is 'cart_pool'; did you mean 'cart_pole'"),
        ('"cart_pole"', '"cart_pole"\ngravity = "x"', "line 7: environments.pole.gravity is 'x'; it must be a number"),
        ('"cart_pole"', '"cart_pole"\nview = "one_hot"', "line 7: environments.pole.view is not known"),
        ('kind = "deep"', 'kind = "depp"', "line 11: agents.soft.kind is 'depp'; did you mean 'deep'"),
        (
            'kind = "replay"\nstart = 100\nbatch = 16\n[agents.soft.munchausen]\nweight = [0.8, 0.9]',
            'kind = "rollouts"\nenvironments = 30',
            "steps is 2000; with 30 environments side by side it must be a multiple of 30, such as 1980",
        ),
    ],
)
def test_errors_name_the_place_and_what_is_right(tmp_path, old, new, message):
    assert old in TEXT
    with pytest.raises(SpecError, match=message):
        read(tmp_path, TEXT.replace(old, new, 1))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"episodes": 5}, ValueError, "steps is 600 and episodes is 5; a study counts one of them"),
        ({"steps": None, "points": None}, TypeError, "episodes is None; it must be a count, or steps must be one"),
        ({"steps": None, "episodes": 5}, ValueError, "points is 6; they are points of steps"),
        ({"points": 601}, ValueError, "points is 601; it must be at most 600"),
        (
            {"steps": None, "points": None, "episodes": 5},
            TypeError,
            "'pole'.* it must be a TabularMDP, .*others are for",
        ),
        (
            {"agents": {"hard": fsq.QLearning(0.1, 0.9)}},
            ValueError,
            r"'hard'.* is QLearning\(...\), which counts episodes",
        ),
        ({"agents": {"hard": 3}}, TypeError, r"agents\['hard'\] is 3; it must be a Deep"),
        ({"environments": {"pole": "cart"}}, TypeError, r"environments\['pole'\] is 'cart'; it must be an environment"),
        ({"tables": True}, ValueError, "tables is True; deep agents have no tables: parameters=True keeps"),
        ({"checkpoints": [1]}, ValueError, r"checkpoints is \[1\]; deep agents have no tables"),
        ({"parameters": True, "keep": "summary"}, ValueError, "parameters is True; it needs keep='curves'"),
        ({"measures": ["episodes_to:5"]}, ValueError, r"on a grid of steps it must be 'steps_to:R\[:W\]'"),
        (
            {"conditions": [Condition("pole", "hard", episodes=5)]},
            ValueError,
            r"conditions\[0\].episodes is 5; the study",
        ),
        ({"precision": "half"}, ValueError, "precision is 'half'"),
        (
            {"agents": {"hard": HARD, "seeing": HARD._replace(network=Convolutional())}},
            ValueError,
            r"network is a Convolutional, and observations have shape \(4,\); .*; so it is in 'pole/seeing'$",
        ),
    ],
)
def test_a_deep_study_checks_its_parts(change, error, message):
    with pytest.raises(error, match=message):
        deep_study(**change)


def test_a_tabular_study_refuses_what_deep_ones_have():
    fields = {"name": "x", "episodes": 5, "seeds": 2, "environments": {"a": fsq.from_map("S.G")}}
    hard = fsq.QLearning(0.5, 0.9)
    with pytest.raises(ValueError, match=r"agents\['deep'\] is Deep\(.*which counts steps; give the study steps"):
        Study(**fields, agents={"deep": HARD})
    with pytest.raises(ValueError, match="parameters is True; tabular agents have no networks"):
        Study(**fields, agents={"hard": hard}, parameters=True)
    with pytest.raises(ValueError, match=r"conditions\[0\].steps is 5; the study counts episodes"):
        Study(**fields, agents={"hard": hard}, conditions=[Condition("a", "hard", steps=5)])


def test_after_needs_the_same_network():
    other = deep(fsq.QLearning(1e-3, 0.99), network=MLP((9,)))
    agents = {"hard": HARD, "other": other}
    first = Condition("pole", "hard", "first")
    worlds = {"pole": cart_pole(), "point": multi_goal_point_mass()}
    for second, message in (
        (Condition("pole", "other", "second", after="first"), "whose network does not fit: it is of MLP"),
        (Condition("point", "hard", "second", after="first"), r"of observations of shape \(4,\), and here it is"),
    ):
        with pytest.raises(ValueError, match=message):
            deep_study(agents=agents, environments=worlds, conditions=[first, second])


def test_agents_come_back_from_their_records():
    agents = [
        HARD,
        Deep(fsq.SoftQLearning(fsq.PowerDecay(1e-3, 1e-4, 0.5), 0.9, temperature=fsq.LinearDecay(2, 1, 0.1))),
        deep(fsq.QLearning(1e-3, 0.9), replay=PrioritizedReplay(alpha=0.5), loss=Huber(2.0), clip=5.0, double=True),
        deep(fsq.QLearning(1e-3, 0.9), replay=Rollouts(environments=8), optimizer=RMSProp(0.95)),
        deep(fsq.SoftQLearning(1e-3, 0.9), munchausen=Munchausen(0.5), network=Convolutional((4, 8))),
    ]
    for agent in agents:
        again = agent_from_record(agent_record(agent))
        assert again == agent
        assert [type(part) for part in again] == [type(part) for part in agent]


@epsilon_greedy
class Own(NamedTuple):
    step_size: float
    discount: float
    epsilon: float = 0.1
    reward_scale: float = 1.0


@rule(bootstrap, Own)
def _(agent, row, summary, action):
    return summary


def test_an_agent_of_ones_own_has_its_code_in_the_record_and_is_data_elsewhere():
    record = agent_record(deep(Own(0.1, 0.9)))
    assert record["agent"]["kind"] == f"{__name__}:Own"
    assert list(record["agent"]["code"]) == [__name__]
    assert agent_from_record(record) == deep(Own(0.1, 0.9))
    elsewhere = {**record, "agent": {**record["agent"], "kind": "their_module:Theirs"}}
    found = agent_from_record(elsewhere)
    assert isinstance(found, UnknownAgent)
    assert found.hyperparameters["network"]["hidden"] == [8]


def test_environments_are_known_by_their_contents():
    records = [deep_world_record(world) for world in (cart_pole(), cart_pole(gravity=9.81), multi_goal_point_mass())]
    records += [
        deep_world_record(observed(fsq.cliff_walking(), view)) for view in ("one_hot", "coordinates", "picture")
    ]
    records.append(deep_world_record(observed(fsq.cliff_walking(slippery=True))))
    assert all(records.count(record) == 1 for record in records)
    assert deep_world_record(fsq.cliff_walking()) == deep_world_record(observed(fsq.cliff_walking()))
    assert deep_world_record(cart_pole()) == deep_world_record(cart_pole())
    again = deep_study(environments={"pole": cart_pole()})
    assert again.identity == deep_study().identity
    assert deep_study(environments={"pole": cart_pole(gravity=9.81)}).identity != again.identity


@pytest.mark.parametrize("mdp", [fsq.cliff_walking(), fsq.cliff_walking(slippery=True), fsq.multi_goal()], ids=repr)
def test_the_table_of_an_observed_world_is_its_own(mdp):
    found = tabular_of(observed(mdp))
    for name in ("next_state", "reward", "terminated"):
        np.testing.assert_array_equal(getattr(found, name), getattr(mdp, name))
    np.testing.assert_allclose(found.probability, mdp.probability, atol=2.0**-31)
    np.testing.assert_allclose(found.start, mdp.start, atol=2.0**-31)
    assert tabular_of(mdp) is mdp
    assert tabular_of(cart_pole()) is None


def test_uneven_chances_are_drawn_from_the_table_as_they_were():
    rng = np.random.default_rng(0)
    chances = rng.dirichlet(np.full(5, 0.4), (7, 2))
    mdp = TabularMDP(
        next_state=rng.integers(0, 7, (7, 2, 5)),
        reward=rng.normal(size=(7, 2, 5)),
        terminated=np.zeros((7, 2, 5), bool),
        probability=chances,
        start=rng.dirichlet(np.ones(7)),
    )
    found = tabular_of(observed(mdp))
    np.testing.assert_allclose(found.probability, chances, atol=2.0**-30)
    np.testing.assert_allclose(found.start, mdp.start, atol=2.0**-30)


def test_an_environment_that_cannot_be_written_down_is_refused():
    from fastsoftq.studies.deep_worlds import _plain

    with pytest.raises(TypeError, match=re.escape("Their.made is <object object")):
        _plain("Their.made", object())
    assert _plain("a", (1, np.float64(0.5), float("inf"))) == [1, 0.5, "inf"]


def test_parameters_are_counted_before_training():
    assert n_parameters(HARD, cart_pole()) >= (4 + 1) * 8 + (8 + 1) * 2  # and what their rows are padded by
    curves = fsq.train(cart_pole(), HARD, seeds=1, steps=10, points=1, keep_parameters=True)
    assert curves.parameters.shape == (1, n_parameters(HARD, cart_pole()))


def test_the_study_that_the_page_shows_can_be_read():
    page = (Path(__file__).parents[2] / "docs" / "studies.md").read_text(encoding="utf-8")
    (text,) = (text for text in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if 'kind = "deep"' in text)
    study = parse_study(tomllib.loads(text))
    assert len(study.conditions) == 3 * 2 * 2 * 2
    assert study.agents["soft[clip=10.0,agent.temperature=0.5,network.hidden=(120 84)]"].network == MLP((120, 84))
    assert [c.max_steps for c in study.resolved][::8] == [500, 1000, 1000]
