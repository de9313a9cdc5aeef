import hashlib
import sys
import zlib

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.exact_curves import exact_curves
from fastsoftq.studies import open_results, read_study, run
from fastsoftq.studies.inspect import verify
from fastsoftq.studies.storing.storage import open_storage
from fastsoftq.studies.study import mdp_record
from fastsoftq.studies.worlds import damaged_worlds, keep_worlds, kept_world, world_from_source

ARRAYS = ("next_state", "reward", "terminated", "probability", "start")

WORLDS = {
    "cliff": fsq.cliff_walking(),
    "slippery": fsq.cliff_walking(slippery=True),
    "two starts": fsq.from_map("S.S\n.G."),
    "mass": fsq.point_mass(1.0),
}


def storage_at(kind, tmp_path, request):
    if kind == "local":
        return open_storage(tmp_path)
    pytest.importorskip("fsspec")
    return open_storage(f"memory://{request.node.name}")


@pytest.fixture(params=["local", "memory"])
def storage(request, tmp_path):
    return storage_at(request.param, tmp_path, request)


@pytest.mark.parametrize("name", WORLDS)
def test_a_world_comes_back_bit_for_bit(storage, name):
    mdp = WORLDS[name]
    assert kept_world(storage, mdp_record(mdp)) is None
    assert keep_worlds(storage, {name: mdp}) == ()
    back = kept_world(storage, mdp_record(mdp))
    for array in ARRAYS:
        assert getattr(back, array).tobytes() == getattr(mdp, array).tobytes()
        assert getattr(back, array).shape == getattr(mdp, array).shape
    assert back.name == mdp.name


def test_it_is_arrays_of_a_stated_layout_and_nothing_else(tmp_path):
    mdp = WORLDS["slippery"]
    keep_worlds(open_storage(tmp_path), {"it": mdp})
    body = zlib.decompress((tmp_path / "worlds" / mdp_record(mdp)["sha256"]).read_bytes())
    expected = b"".join(
        np.asarray(getattr(mdp, name), dtype).tobytes()
        for name, dtype in zip(ARRAYS, ("<i4", "<f8", "|b1", "<f8", "<f8"), strict=True)
    )
    assert body == expected


@pytest.mark.parametrize("damage", ["flipped", "cut", "longer", "another", "empty", "not zlib", "trailing"])
def test_damage_is_seen_and_mended(storage, damage):
    mdp, other = WORLDS["cliff"], fsq.cliff_walking(cliff_reward=-99)
    record = mdp_record(mdp)
    keep_worlds(storage, {"cliff": mdp, "other": other})
    key = f"worlds/{record['sha256']}"
    data = storage.read(key)
    body = zlib.decompress(data)
    changed = {
        "flipped": zlib.compress(body[:1000] + bytes([body[1000] ^ 1]) + body[1001:]),
        "cut": data[:-7],
        "longer": zlib.compress(body + b"\0"),
        "another": storage.read(f"worlds/{mdp_record(other)['sha256']}"),
        "empty": b"",
        "not zlib": b"S..G",
        "trailing": data + b"x",
    }[damage]
    storage.write(key, changed)
    assert kept_world(storage, record) is None
    assert damaged_worlds(storage, {"cliff": record, "other": mdp_record(other)}) == [key]
    assert keep_worlds(storage, {"cliff": mdp}) == (key,)
    assert kept_world(storage, record) is not None


def test_what_unpacks_to_too_much_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("fastsoftq.studies.worlds._MOST", 10_000)
    storage, mdp = open_storage(tmp_path), fsq.cliff_walking()
    record = mdp_record(mdp)
    assert mdp.next_state.nbytes + mdp.reward.nbytes < 10_000
    assert keep_worlds(storage, {"small": mdp, "large": fsq.multi_goal()}) == ()
    assert len(storage.names("worlds")) == 1
    storage.write(f"worlds/{record['sha256']}", zlib.compress(bytes(10**8)))
    assert kept_world(storage, record) is None


@pytest.mark.parametrize("digest", ["../study.json", "", None, "A" * 64, "0" * 63, 7])
def test_a_digest_that_is_none_is_not_looked_for(tmp_path, digest):
    (tmp_path / "study.json").write_bytes(zlib.compress(b"x"))
    assert kept_world(open_storage(tmp_path), {"mdp": "x", "states": 1, "actions": 1, "sha256": digest}) is None


def test_a_folder_keeps_its_worlds_and_gives_exact_curves(tmp_path, small):
    study = small(environments={"cliff": WORLDS["cliff"], "again": fsq.cliff_walking(), "mass": WORLDS["mass"]})
    run(study, tmp_path)
    assert len(list((tmp_path / "worlds").iterdir())) == 2  # equal worlds are one file
    results = open_results(tmp_path)
    assert results.mdp("cliff").reward.tolist() == WORLDS["cliff"].reward.tolist()
    assert results.mdp("cliff") is results.mdp("cliff")
    found = results.exact("cliff/soft")
    expected = exact_curves(WORLDS["cliff"], study.agents["soft"], study.episodes, study.max_steps)
    assert found.returns.tolist() == expected.returns.tolist()
    assert found.optimum == expected.optimum
    with pytest.raises(ValueError, match=r"environment is 'clif'.*'cliff'"):
        results.mdp("clif")
    with pytest.raises(ValueError, match="condition is"):
        results.exact("cliff/sofd")


def test_the_digest_of_the_contents_is_what_it_was(tmp_path, small):
    run(small(), tmp_path)
    before = verify(tmp_path)
    (world,) = (tmp_path / "worlds").iterdir()
    world.unlink()
    assert verify(tmp_path) == before
    world.write_bytes(b"something else")
    assert verify(tmp_path).damaged == (f"worlds/{world.name}",)
    assert run(small(), tmp_path).damaged == (f"worlds/{world.name}",)
    assert verify(tmp_path) == before


def test_worlds_that_are_added_are_kept_too(tmp_path, small):
    run(small(environments={"cliff": WORLDS["cliff"]}, seeds=64), tmp_path)
    run(small(environments={"cliff": WORLDS["cliff"], "slippery": WORLDS["slippery"]}, seeds=64), tmp_path)
    assert open_results(tmp_path).mdp("slippery").n_outcomes == 3


SOURCE = """
name = "swept"
episodes = 5
seeds = 64

[environments.cliff]
kind = "cliff_walking"
height = [3, 4]

[environments.drawn]
kind = "map"
rows = [["S..G", "S.#G"], ["S.G"]]

[environments.plain]
kind = ["multi_goal"]
size = 5

[environments.lake]
kind = "gymnasium"
env = "FrozenLake-v1"

[agents.hard]
kind = "q_learning"
step_size = 0.8
discount = 0.95
"""


def test_an_older_folder_takes_its_worlds_from_the_text_it_was_made_of(tmp_path):
    file, out = tmp_path / "study.toml", tmp_path / "out"
    gymnasium = pytest.importorskip("gymnasium")
    assert gymnasium
    file.write_text(SOURCE)
    study = read_study(file)
    run(study, out, source=SOURCE)
    for world in (out / "worlds").iterdir():
        world.unlink()
    (out / "worlds").rmdir()
    results = open_results(out)
    for name, mdp in study.environments.items():
        back = results.mdp(name)
        if name == "lake":  # whose making may import what it names
            assert back is None
            assert results.exact("lake/hard") is None
        else:
            assert mdp_record(back) == mdp_record(mdp)
            assert results.exact(f"{name}/hard") is not None


def test_a_text_that_describes_another_world_gives_none():
    record = mdp_record(fsq.cliff_walking())
    plain = "[environments.cliff]\nkind = 'cliff_walking'\n"
    assert world_from_source(plain, "cliff", record) is not None
    assert world_from_source(plain + "height = 3", "cliff", record) is None
    assert world_from_source(plain, "clif", record) is None
    for text in (
        None,
        "",
        "environments = 3",
        "[environments]\ncliff = 3",
        plain + "height = 'x'",
        plain + "height = []",
        "[environments.cliff]\nkind = {}",
        "[environments.cliff]\nkind = [[]]",
        "[environments.cliff]\nkind = 'nothing'",
        "[environments.cliff]",
        "no toml",
        "x = " + "[" * 5000,
    ):
        assert world_from_source(text, "cliff", record) is None


def test_nothing_that_a_text_names_is_imported(tmp_path, monkeypatch):
    (tmp_path / "their_module.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    text = "[environments.cliff]\nkind = ['cliff_walking', 'gymnasium']\nenv = 'their_module:It-v0'"
    record = mdp_record(fsq.cliff_walking()) | {"sha256": hashlib.sha256(b"").hexdigest()}
    for name in ("cliff", "cliff[kind=gymnasium]", "cliff[kind=cliff_walking]"):
        assert world_from_source(text, name, record) is None
    assert "their_module" not in sys.modules
