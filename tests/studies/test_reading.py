"""What a study says of how its results are read is kept in its folder, and no result depends on it."""

import json
import pickle
from pathlib import Path

import pytest

from fastsoftq.studies import FolderError, Selection, Stop, open_results, read_study, run
from fastsoftq.studies.inspect import verify
from fastsoftq.studies.origins import Origin, Origins
from fastsoftq.studies.reading import Reading, reading_from_record
from fastsoftq.studies.storing.plan_file import plan_from_data
from fastsoftq.studies.study_records import canonical, sealed
from fastsoftq.studies.toml import SpecError, origins_of_source

SWEEP = Path(__file__).with_name("sweep.toml")
SAID = {
    "measures": ("area", "last:10"),
    "against": "hard",
    "select": Selection(tune=50, test=100),
    "stop": Stop(difference=1.0, confidence=0.9, most=5000),
}


def test_it_is_no_part_of_the_identity_and_no_reason_to_refuse_a_folder(small, tmp_path):
    plain = small()
    said = small(**SAID)
    assert said.identity == plain.identity
    assert said.record == plain.record
    run(plain, tmp_path)
    digest = verify(tmp_path).digest
    again = run(said, tmp_path)
    assert (again.computed, again.kept, again.damaged) == (0, 2, ())
    results = open_results(tmp_path)
    assert (results.measures, results.against) == (("area", "last:10"), "hard")
    assert (results.selection, results.stop) == (Selection(50, 100), Stop(1.0, 0.9, 5000))
    assert verify(tmp_path).digest == digest
    assert len(results.provenance) == 1  # nothing was made or extended
    run(plain, tmp_path)  # the latest is kept
    assert open_results(tmp_path).measures == ()
    assert open_results(tmp_path).selection is None


def test_nothing_is_written_down_where_nothing_is_said(small, tmp_path):
    run(small(), tmp_path)
    assert "reading" not in json.loads((tmp_path / "study.json").read_bytes())


def test_a_file_says_it(tmp_path):
    text = SWEEP.read_text()
    file = tmp_path / "study.toml"
    file.write_text(
        text.replace("seeds = 70", "select = { tune = 20, test = 50 }\nstop = { difference = 2, most = 80 }")
    )
    study = read_study(file)
    assert study.seeds == range(70)  # those that select takes
    assert (study.select, study.stop) == (Selection(20, 50), Stop(2.0, 0.95, 80))
    assert (study.measures, study.against) == (("last:4", "steps_to:-20"), "hard")
    file.write_text(text)
    assert read_study(file).identity == study.identity


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('measures = ["last:4",', 'measures = ["lst:4",', 5, "measures[0] is 'lst:4'"),
        ('"steps_to:-20"]', '"last:4.0"]', 5, "measures[1] is 'last:4.0'"),
        ('"steps_to:-20"]', '"last:4"]', 5, "measures[1] is 'last:4', as measures[0]"),
        ('["last:4", "steps_to:-20"]', '"area"', 5, "measures is 'area'; it must be a sequence of strings"),
        ('["last:4", "steps_to:-20"]', '["improvement"]', 5, "measures[0] is 'improvement', which compares two"),
        ('"hard"', '"hrd"', 6, "against is 'hrd'; did you mean 'hard'? It must be one of 'hard', 'soft'"),
        ('"hard"', "3", 6, "against is 3; it must be a string"),
        ("seeds = 70", "seeds = 70\nselect = { tune = 60, test = 20 }", 3, "seeds is 70; it must be at least 80"),
        ("seeds = 70", "seeds = 70\nselect = { tune = 0, test = 20 }", 4, "select.tune is 0; it must be at least 1"),
        ("seeds = 70", "seeds = 70\nselect = { tune = 50, test = 1 }", 4, "select.test is 1; it must be at least 2"),
        ("seeds = 70", "select = { tune = 20 }", 3, "select.test is missing"),
        ("seeds = 70", "select = { tune = 20, tst = 20 }", 3, "select.tst is not known; did you mean 'test'?"),
        ("seeds = 70", "seeds = 70\nselect = 20", 4, "select is 20; it must be a table"),
        ("seeds = 70", "seeds = 70\nstop = { difference = 0 }", 4, "stop.difference is 0.0; it must be above 0"),
        ("seeds = 70", "seeds = 70\nstop = { difference = 1, confidence = 1 }", 4, "stop.confidence is 1.0"),
        ("seeds = 70", "seeds = 70\nstop = { difference = 1, most = 69 }", 4, "stop.most is 69; it must be at least"),
        ("seeds = 70", "seeds = 70\nstop = { difference = true }", 4, "stop.difference is True; it must be a number"),
        ("seeds = 70", "seeds = 70\nstop = { confidence = 0.9 }", 4, "stop.difference is missing"),
        ("seeds = 70", "", None, "seeds is missing"),
    ],
)
def test_errors_name_the_line_and_what_is_right(tmp_path, old, new, line, message):
    file = tmp_path / "study.toml"
    assert old in SWEEP.read_text()
    file.write_text(SWEEP.read_text().replace(old, new, 1))
    with pytest.raises(SpecError) as caught:
        read_study(file)
    where = "study.toml: " if line is None else f"study.toml, line {line}: "
    assert str(caught.value).startswith(where)
    assert message in str(caught.value)


def test_what_is_compared_with_may_be_an_agent_its_table_or_a_condition():
    for name in ("hard", "hard[step_size=0.5,epsilon=0.1]", "cliff/hard[step_size=0.5,epsilon=0.1]"):
        study = read_study(SWEEP)
        changed = {field: getattr(study, field) for field in ("name", "episodes", "seeds", "environments", "agents")}
        assert type(study)(**changed, origins=study.origins, against=name).against == name


def test_origins_are_of_what_the_study_has(small):
    with pytest.raises(ValueError, match=r"origins is .* it must be of environments and agents that the study has"):
        small(origins=Origins(agents={"harder": Origin("hard")}))


def test_origins_survive_pickling_and_their_record():
    study = read_study(SWEEP)
    assert pickle.loads(pickle.dumps(study)).origins == study.origins
    again = reading_from_record(json.loads(canonical(study.reading.record())))
    assert again == study.reading
    assert list(again.origins.parameters("cliff")) == ["kind", "height", "width"]  # as they are written


def test_a_folder_keeps_the_origins_of_what_python_adds_nothing_about(tmp_path):
    study = read_study(SWEEP)
    run(study, tmp_path)
    fields = {name: getattr(study, name) for name in ("name", "episodes", "max_steps", "environments", "agents")}
    run(type(study)(**fields, seeds=80), tmp_path)
    results = open_results(tmp_path)
    assert results.measures == ()
    assert set(results.coordinates["agent"]) == {"hard", "soft"}
    assert results.runs(results.conditions[0]) == 80


def test_the_text_alone_tells_as_much():
    assert origins_of_source(SWEEP.read_text()) == read_study(SWEEP).origins
    for text in (None, "", "[", "agents = 3", "[agents]\nhard = 3", "[environments.a]\nkind = []", "a=" + "[" * 10**5):
        assert origins_of_source(text) == Origins()


@pytest.mark.parametrize(
    "reading",
    [
        3,
        [],
        "area",
        {"measures": 3},
        {"measures": ["", "area"]},
        {"measures": [["area"]]},
        {"measures": ["area", "area"]},
        {"against": 7},
        {"against": ["hard"]},
        {"select": {"tune": 1}},
        {"select": {"tune": -1, "test": 3}},
        {"select": {"tune": 1.5, "test": 3}},
        {"select": {"tune": 10**400, "test": 3}},
        {"select": [1, 2]},
        {"stop": {"difference": "much"}},
        {"stop": {"difference": 1, "confidence": 2}},
        {"stop": {"difference": 1, "most": 2**70}},
        {"stop": {"difference": 1, "own": 1}},
        {"origins": []},
        {"origins": {"agents": ["hard"]}},
        {"origins": {"agents": {"hard": "hard"}}},
        {"origins": {"agents": {"hard": {"table": 3, "parameters": []}}}},
        {"origins": {"agents": {"hard": {"table": "hard"}}}},
        {"origins": {"agents": {"harder": {"table": "hard", "parameters": []}}}},
        {"origins": {"agents": {"hard": {"table": "hard", "parameters": [["size", [1]]]}}}},
        {"origins": {"agents": {"hard": {"table": "hard", "parameters": [["size", 10**400]]}}}},
        {"origins": {"agents": {"hard": {"table": "hard", "parameters": [[1, 1]]}}}},
        {"origins": {"agents": {"hard": {"table": "hard", "parameters": [["a", "b", "c"]]}}}},
        {"origins": {"others": {}}},
        {"unknown": 1},
    ],
)
def test_nothing_of_it_is_trusted(small, tmp_path, reading):
    run(small(seeds=2), tmp_path)
    data = json.loads((tmp_path / "study.json").read_bytes())
    data.pop("sha256")
    forged = canonical(sealed(data | {"reading": reading}))
    with pytest.raises(FolderError, match="holds a plan that no version of fastsoftq writes"):
        plan_from_data(forged)


@pytest.mark.parametrize("empty", [{}, {"measures": []}, {"origins": {}}, {"against": None}, {"select": None}])
def test_what_says_nothing_is_nothing(empty):
    assert reading_from_record({name: value for name, value in empty.items() if value is not None}) == Reading()
