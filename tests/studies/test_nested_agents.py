"""Agents around others in studies: tables within tables, swept, recorded, resumed, and named in reports."""

import pytest

import fastsoftq as fsq
from fastsoftq.report.sweep.condition_labels import condition_labels
from fastsoftq.studies import Study, open_results, read_study, run
from fastsoftq.studies.study_records import agent_from_record

TEXT = """
name = "wrapped"
episodes = 6
seeds = 40
max_steps = 30

[environments.cliff]
kind = "cliff_walking"
height = 3
width = 4

[agents.bounds]
kind = "upper_confidence"
confidence = [0.5, 2.0]

[agents.bounds.agent]
kind = "visit_step_size"
power = 0.8
agent = { kind = "q_learning", step_size = 1.0, discount = 0.95, epsilon = [0.0, 0.1] }

[agents.dyna]
kind = "dyna_q"
step_size = 0.5
discount = 0.95
planning_steps = 3

[agents.still]
kind = "frozen"
agent = { kind = "q_learning", step_size = 0.5, discount = 0.95 }
"""


@pytest.fixture
def study(tmp_path):
    def read(text=TEXT):
        path = tmp_path / "wrapped.toml"
        path.write_text(text)
        return read_study(path)

    return read


def test_tables_within_tables_are_the_agents_that_they_say(study):
    agents = study().agents
    assert agents["bounds[confidence=2.0,agent.agent.epsilon=0.1]"] == fsq.UpperConfidence(
        fsq.VisitStepSize(fsq.QLearning(1.0, 0.95, 0.1), 0.8), 2.0
    )
    assert agents["still"] == fsq.Frozen(fsq.QLearning(0.5, 0.95))
    assert len(agents) == 6


def test_records_give_them_back_and_need_no_code(study):
    found = study()
    for name, record in found.record["agents"].items():
        assert agent_from_record(record) == found.agents[name]
        assert "code" not in record
    assert found.record["agents"]["still"]["kind"] == "fastsoftq.agents.frozen:Frozen"  # as it ever was


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("power = 0.8", "power = 1.8", r"line 18: agents.bounds.agent.power is 1.8; it must lie in \[0, 1\]"),
        ("step_size = 1.0", "step_size = 3", r"line 19: agents.bounds.agent.agent.step_size is 3.0; it must lie in"),
        (
            '"visit_step_size"',
            '"visit_stepsize"',
            "line 17: agents.bounds.agent.kind is 'visit_stepsize'; did you mean",
        ),
        ("power = 0.8", "powre = 0.8", "line 18: agents.bounds.agent.powre is not known; did you mean 'power'?"),
        ("planning_steps = 3", "planning_steps = -1", "line 25: agents.dyna.planning_steps is -1; it must be at least"),
        ('agent = { kind = "q_learning", step_size = 0.5, discount = 0.95 }', "agent = 3", "agents.still.agent is 3"),
    ],
)
def test_what_is_wrong_is_named_where_it_stands(study, old, new, message):
    with pytest.raises(ValueError, match=message):
        study(TEXT.replace(old, new, 1))


def test_runs_are_added_and_are_what_they_would_have_been(study, tmp_path):
    run(study(TEXT.replace("seeds = 40", "seeds = 17")), tmp_path / "grown")
    run(study(), tmp_path / "grown")
    run(study(), tmp_path / "whole")
    grown, whole = open_results(tmp_path / "grown"), open_results(tmp_path / "whole")
    for condition in whole.conditions:
        assert grown.curves(condition).returns.tobytes() == whole.curves(condition).returns.tobytes()
    labels = condition_labels(whole.coordinates)
    assert labels[:2] == ["bounds, confidence = 0.5, ε = 0", "bounds, confidence = 0.5, ε = 0.1"]


def test_a_gpu_is_refused_before_any_work(tmp_path):
    cliff, agent = fsq.cliff_walking(), fsq.VisitStepSize(fsq.QLambda(0.5, 0.95))
    study = Study(name="planned", episodes=2, seeds=2, environments={"cliff": cliff}, agents={"by visits": agent})
    with pytest.raises(ValueError, match="device is 'cuda'; VisitStepSize keeps arrays of its own"):
        run(study, tmp_path / "out", device="cuda")
    with pytest.raises(ValueError, match="device is 'cuda:0'; VisitStepSize keeps arrays of its own"):
        fsq.train(cliff, agent, 2, 2, device="cuda:0")
    assert not (tmp_path / "out").exists()
