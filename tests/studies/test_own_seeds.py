"""Conditions with fewer runs than their study."""

import numpy as np
import pytest

from fastsoftq.studies import Condition, open_results, run
from fastsoftq.studies.inspect import status, verify
from fastsoftq.studies.toml import parse_study


@pytest.fixture
def study(small):
    def make(soft, **changes):
        conditions = [Condition("cliff", "hard"), Condition("cliff", "soft", seeds=soft)]
        return small(**{"conditions": conditions, **changes})

    return make


def test_a_condition_has_the_first_of_the_studys_seeds(study, small, tmp_path):
    run(study(70), tmp_path / "own", chunk=64)
    run(small(), tmp_path / "whole", chunk=64)
    own, whole = open_results(tmp_path / "own"), open_results(tmp_path / "whole")
    assert own.curves("cliff/soft").returns.tobytes() == whole.curves("cliff/soft", 70).returns.tobytes()
    assert own.curves("cliff/hard").returns.tobytes() == whole.curves("cliff/hard").returns.tobytes()
    assert [(row.done, row.runs) for row in status(tmp_path / "own").rows] == [(200, 200), (70, 70)]
    found = verify(tmp_path / "own")
    assert found.digest is not None
    assert found.digest != verify(tmp_path / "whole").digest
    with pytest.raises(ValueError, match="runs is 71; it must be at most 70"):
        own.curves("cliff/soft", 71)


def test_parts_share_out_every_run_once(study, tmp_path):
    outcomes = [run(study(70), tmp_path, chunk=64, part=(index, 3)) for index in (1, 2, 3)]
    assert sum(outcome.computed for outcome in outcomes) == 4 + 2
    assert status(tmp_path).finished


def test_it_grows_and_what_was_there_is_kept(study, tmp_path):
    run(study(70), tmp_path / "grown", chunk=64)
    once = open_results(tmp_path / "grown").curves("cliff/soft").returns
    run(study(130), tmp_path / "grown")
    run(study(130), tmp_path / "at once", chunk=128)
    assert open_results(tmp_path / "grown").curves("cliff/soft", 70).returns.tobytes() == once.tobytes()
    assert verify(tmp_path / "grown").digest == verify(tmp_path / "at once").digest
    run(study(None), tmp_path / "grown")
    assert open_results(tmp_path / "grown").curves("cliff/soft").n_seeds == 200
    with pytest.raises(ValueError, match="'cliff/soft' has 200 seeds there and 130 here"):
        run(study(130), tmp_path / "grown")


def test_a_number_of_its_own_stays_when_the_study_grows(study, tmp_path):
    run(study(70), tmp_path)
    run(study(70, seeds=300), tmp_path)
    assert [(row.done, row.runs) for row in status(tmp_path).rows] == [(300, 300), (70, 70)]


def test_summaries_of_fewer_runs(study, small, tmp_path):
    run(study(70, keep="summary", block=50), tmp_path / "own")
    run(small(keep="summary", block=50, seeds=70), tmp_path / "whole")
    own, whole = (open_results(tmp_path / name).summary("cliff/soft") for name in ("own", "whole"))
    assert own.mean.tobytes() == whole.mean.tobytes()


def test_xarray_says_how_many_there_are(study, tmp_path):
    run(study(70), tmp_path)
    dataset = open_results(tmp_path).to_xarray()
    assert dataset.seeds.values.tolist() == [200, 70]
    assert np.isnan(dataset.returns[1]).all(axis=1).values.tolist() == [False] * 70 + [True] * 130


def test_without_own_numbers_the_record_is_as_it_was(study, small):
    assert study(200).identity == study(None).identity == small().identity
    assert "seeds" in study(70).record["conditions"]["cliff/soft"]


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ([Condition("cliff", "hard", seeds=201)], r"conditions\[0\].seeds is 201; it must be at most 200"),
        (
            [Condition("cliff", "hard", "first", seeds=50), Condition("cliff", "soft", after="first")],
            r"conditions\[1\].after is 'first', which has 50 seeds; it must have at least the 200",
        ),
    ],
)
def test_what_does_not_fit_is_refused(small, conditions, message):
    with pytest.raises(ValueError, match=message):
        small(conditions=conditions)
    with pytest.raises(ValueError, match="seeds is 0"):
        Condition("cliff", "hard", seeds=0)


def test_a_file_can_say_so():
    data = {
        "name": "small", "episodes": 5, "seeds": 10,
        "environments": {"cliff": {"kind": "cliff_walking"}},
        "agents": {"hard": {"kind": "q_learning", "step_size": 0.5, "discount": 0.95}},
        "conditions": [{"environment": "cliff", "agent": "hard", "seeds": 4}],
    }  # fmt: skip
    assert parse_study(data).resolved[0].seeds == 4
