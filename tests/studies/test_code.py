"""What results depend on that is not data: the code of an agent of one's own, and the package's results version."""

import importlib
import json
import re
import sys
from typing import NamedTuple

import pytest

import fastsoftq as fsq
from fastsoftq.agents.rules import act, bootstrap, rule, summarise
from fastsoftq.kernels.over_actions import highest
from fastsoftq.kernels.policies import any_action
from fastsoftq.report.page import write_report
from fastsoftq.report.reader import read_results
from fastsoftq.studies import study as spec
from fastsoftq.studies.inspect import verify
from fastsoftq.studies.plan import FolderError
from fastsoftq.studies.running import run
from fastsoftq.studies.study import Study
from fastsoftq.studies.study_records import canonical, sealed
from tests.test_security import OWN

SCALE = 1.0


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study of an agent in a file of its own, with some of its text replaced."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def make(old="", new="", seeds=64, **changes):
        text = OWN.replace('open("imported", "w").close()', "VALUE = 1.0").replace(
            "return summary", "return VALUE * summary"
        )
        assert old in text
        (tmp_path / "mine.py").write_text(text.replace(old, new))
        sys.modules.pop("mine", None)
        importlib.invalidate_caches()
        own = importlib.import_module("mine").Mine(step_size=0.5, discount=0.9)
        fields = {
            "name": "own",
            "episodes": 3,
            "seeds": seeds,
            "max_steps": 9,
            "environments": {"corridor": fsq.from_map("S..G")},
            "agents": {"mine": own},
        }
        return Study(**fields | changes)

    yield make
    sys.modules.pop("mine", None)


def test_rows_of_other_code_are_not_added_to(study, tmp_path):
    out = tmp_path / "out"
    run(study(), out, threads=1)
    digest = verify(out).digest
    for old, new, names in (
        ("return VALUE * summary", "return 0.5 * VALUE * summary", "mine"),
        ("VALUE = 1.0", "VALUE = 2.0", r"mine, mine\.VALUE"),
    ):
        edited = study(old, new, seeds=128)
        with pytest.raises(
            FolderError, match=rf"agents\.mine has other code there: what differs is {names}\. Put it back"
        ):
            run(edited, out)
        with pytest.raises(FolderError, match="another folder for the code as it is now"):  # nor is what is there kept
            run(study(old, new), out)
    assert verify(out).digest == digest
    assert run(study("return VALUE", "# as before\n\n    return VALUE", seeds=128), out, threads=1).kept == 0
    run(study(seeds=128), tmp_path / "at once", threads=1)
    assert verify(out).digest == verify(tmp_path / "at once").digest


def test_the_code_of_an_agent_within_an_agent_counts(study):
    frozen = [study(*edit).agents["mine"] for edit in ((), ("VALUE = 1.0", "VALUE = 2.0"))]
    records = [study(agents={"frozen": fsq.Frozen(agent)}).record["agents"]["frozen"] for agent in frozen]
    assert "code" not in records[0]
    assert set(records[0]["agent"]["code"]) == {"mine", "mine.VALUE"}
    assert records[0] != records[1]


def test_the_packages_agents_have_no_code_in_their_records(small):
    assert all("code" not in record for record in small().record["agents"].values())


def test_reports_of_two_folders_tell_codes_apart(study, tmp_path):
    run(study(), tmp_path / "one", threads=1)
    run(study("VALUE = 1.0", "VALUE = 2.0"), tmp_path / "two", threads=1)
    page = write_report(tmp_path / "one", tmp_path / "two").read_text()
    digests = [read_results(tmp_path / name)[0].agents[0].settings["code"] for name in ("one", "two")]
    assert len(set(digests)) == 2
    told = page[page.index("In what they were run differently") :]  # stands before all that is compared
    rows = [re.sub("<[^>]*>", " ", row).split() for row in re.findall("<tr>.*?</tr>", told, re.S)]
    assert ["mine", "code", *digests] in rows


def test_a_folder_made_before_code_was_written_down_is_not_added_to(study, tmp_path):
    out = tmp_path / "out"
    run(study(), out, threads=1)
    plan = json.loads((out / "study.json").read_bytes())
    del plan["sha256"], plan["study"]["agents"]["mine"]["code"], plan["study"]["results"]
    (out / "study.json").write_bytes(canonical(sealed(plan)))
    with pytest.raises(FolderError, match=r"agents\.mine is an agent of your own, whose code was not written down"):
        run(study(seeds=128), out)


def test_a_folder_of_the_packages_agents_made_before_goes_on(small, tmp_path):
    run(small(), tmp_path, threads=1)
    plan = json.loads((tmp_path / "study.json").read_bytes())
    del plan["sha256"], plan["study"]["results"]
    (tmp_path / "study.json").write_bytes(canonical(sealed(plan)))
    outcome = run(small(), tmp_path, threads=1)
    assert (outcome.computed, outcome.kept) == (0, 2)
    assert json.loads((tmp_path / "study.json").read_bytes())["study"]["results"] == 1


def test_other_numbers_of_another_version_are_not_added_to(small, tmp_path, monkeypatch):
    before = small().identity
    run(small(), tmp_path, threads=1)
    monkeypatch.setattr(spec, "RESULTS_VERSION", 2)
    assert small().record["results"] == 2
    assert small().identity != before
    with pytest.raises(FolderError, match=r"results version 1 and this version of fastsoftq makes 2.*Go on with the"):
        run(small(seeds=400), tmp_path)


def test_a_worker_with_other_code_adds_nothing(study, tmp_path):
    from fastsoftq.studies.clusters import _work

    outcome = run(study(), tmp_path / "out", part=(2, 2), threads=1)  # of one unit: nothing yet
    unit = outcome.store.plan.units()[0]
    with pytest.raises(
        FolderError, match=r"a worker on .* would add another study's results: agents\.mine has other code"
    ):
        _work((outcome.store, study("VALUE = 1.0", "VALUE = 2.0"), "cpu"), [unit])
    assert _work((outcome.store, study(), "cpu"), [unit])[0].runs == 64


def test_a_rule_cannot_change_under_what_was_compiled():
    class Fickle(NamedTuple):
        step_size: float
        discount: float
        reward_scale: float = 1.0

    rule(summarise, Fickle)(lambda agent, row, like: highest(row))
    rule(bootstrap, Fickle)(lambda agent, row, summary, action: summary)
    rule(bootstrap, Fickle)(lambda agent, row, summary, action: summary)  # not compiled yet
    rule(act, Fickle)(lambda agent, row, summary, draw: any_action(draw.low, len(row)))
    fsq.train(fsq.from_map("S.G"), Fickle(0.5, 0.9), seeds=1, episodes=1, max_steps=2)
    with pytest.raises(TypeError, match=r"Fickle has been compiled with the rules it had.*define the class once more"):
        rule(bootstrap, Fickle)(lambda agent, row, summary, action: 0.0)


def test_a_constant_cannot_change_under_what_was_compiled(small, monkeypatch):
    class Constant(NamedTuple):
        step_size: float
        discount: float
        reward_scale: float = 1.0

    rule(summarise, Constant)(lambda agent, row, like: highest(row))
    rule(bootstrap, Constant)(lambda agent, row, summary, action: SCALE * summary)
    rule(act, Constant)(lambda agent, row, summary, draw: any_action(draw.low, len(row)))
    world = fsq.from_map("S.G")
    fsq.train(world, Constant(0.5, 0.9), seeds=1, episodes=1, max_steps=2)
    monkeypatch.setitem(globals(), "SCALE", 2.0)
    for again in (
        lambda: fsq.train(world, Constant(0.5, 0.9), seeds=1, episodes=1),
        lambda: small(agents={"own": Constant(0.5, 0.9)}),
        lambda: small(agents={"own": fsq.Frozen(Constant(0.5, 0.9))}),
    ):
        with pytest.raises(ValueError, match=r"SCALE changed since it was compiled.*Define the class once more"):
            again()
    monkeypatch.undo()
    fsq.train(world, Constant(0.5, 0.9), seeds=1, episodes=1, max_steps=2)


class Called(NamedTuple):
    step_size: float
    kind: float


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"agents": {"x": Called(0.5, 1.0)}}, r"agents\['x'\] has a hyperparameter 'kind'; records use that name"),
        ({"name": "caf\udce9"}, r"name is 'caf\\udce9'; it must be text that UTF-8 can encode"),
        ({"agents": {"\ud800": fsq.QLearning(0.5, 0.9)}}, r"agents includes the name '\\ud800'; it must be text"),
        ({"environments": {"\udcff": fsq.from_map("S.G")}}, "environments includes the name .* it must be text"),
    ],
)
def test_what_no_record_can_hold_is_refused(small, changes, words):
    with pytest.raises(ValueError, match=words):
        small(**changes)
