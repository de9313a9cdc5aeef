"""Folders of the first format, which earlier versions wrote, open, verify, and grow."""

import json

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.studies import FolderError, open_results, run
from fastsoftq.studies import plan as plans
from fastsoftq.studies.inspect import verify
from fastsoftq.studies.storing.plan_file import plan_from_data
from fastsoftq.studies.storing.store import open_store
from fastsoftq.studies.study_records import canonical, sealed

# As version 0.1.0 wrote it, but for the provenance.
FIRST = {
    "chunk": 64,
    "conditions": [["cliff", "hard"], ["cliff", "soft"]],
    "format": 1,
    "source": None,
    "study": {
        "agents": {
            "hard": {"discount": 0.95, "epsilon": 0.1, "kind": "q_learning", "reward_scale": 1.0, "step_size": 0.8},
            "soft": {
                "discount": 0.95,
                "epsilon": 0.0,
                "kind": "soft_q_learning",
                "reward_scale": 5.0,
                "step_size": 0.8,
                "temperature": 1.0,
            },
        },
        "block": None,
        "environments": {
            "cliff": {
                "actions": 4,
                "mdp": "cliff_walking",
                "sha256": "e1c60ac7ea51baab72987ca6fb1fa70d89053a8b170e34c35d5d68ac72b893bf",
                "states": 15,
            }
        },
        "episodes": 12,
        "keep": "curves",
        "max_steps": 60,
        "name": "small",
        "precision": "double",
        "results": 1,
        "seeds": {"count": 100, "start": 0},
    },
}
# Digests that version 0.1.0 gave: of this study, and of one with 150 seeds, Sarsa and a second cliff.
DIGEST = "52ba4da8dda3ad273b2fa18c73b2c32d6b706349d43a21640dfd11739199aa30"
GROWN = "810cbfe49a616318e0addfe9dd47f08bd4d698c4fcf95cd9f4c42e192f9f0ecf"


@pytest.fixture
def old(small, tmp_path, monkeypatch):
    """A folder as version 0.1.0 left it: its chunks are those of today, its plan is the old one."""
    run(small(seeds=100), tmp_path / "new", chunk=64)
    provenance = json.loads((tmp_path / "new" / "study.json").read_bytes())["provenance"]
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "study.json").write_bytes(canonical(sealed(FIRST | {"provenance": provenance})))
    store = open_store(folder)
    assert store.plan.format == 1
    store.write_metadata()
    run(small(seeds=100), folder)
    return folder


def test_it_opens_and_verifies_and_is_left_as_it_is(old, small):
    before = {path: path.read_bytes() for path in old.rglob("*") if path.is_file()}
    assert verify(old).digest == DIGEST
    assert run(small(seeds=100), old).kept == 4
    assert before == {path: path.read_bytes() for path in old.rglob("*") if path.is_file()}
    curves = open_results(old).curves("cliff/soft")
    trained = fsq.train(fsq.cliff_walking(height=3, width=5), curves.agent, 100, 12, 60)
    np.testing.assert_array_equal(curves.returns, trained.returns)


def test_it_grows_to_what_it_would_have_grown_to(old, small):
    more = small(
        seeds=150,
        agents={**small().agents, "sarsa": fsq.Sarsa(0.5, 0.9)},
        environments={**small().environments, "big": fsq.cliff_walking()},
    )
    run(more, old)
    assert verify(old).digest == GROWN
    assert open_store(old).plan.format == 2


def test_episodes_are_counted_from_one_since(old, small, tmp_path):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("zarr")
    for folder, first in ((old, 0), (tmp_path / "new", 1)):
        dataset = xarray.open_zarr(folder / "results.zarr", chunks=None)
        assert dataset.episode.values.tolist() == list(range(first, first + 12))
        assert open_results(folder).to_xarray().episode.values.tolist() == list(range(1, 13))


def test_a_later_format_is_refused_by_name(old):
    data = json.loads((old / "study.json").read_bytes())
    data.pop("sha256")
    with pytest.raises(FolderError, match="has format 3; this version of fastsoftq reads formats 1 to 2"):
        plan_from_data(sealed(data | {"format": 3}))
    assert plans.FORMAT == 2
