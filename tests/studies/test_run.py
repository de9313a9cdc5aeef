import itertools
import random
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.studies import DamagedError
from fastsoftq.studies.inspect import verify
from fastsoftq.studies.plan import FolderError
from fastsoftq.studies.results import open_results
from fastsoftq.studies.running import run
from fastsoftq.studies.storing.store import open_store


@pytest.fixture(scope="module")
def digest(small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    run(small(), folder, threads=1)
    found = verify(folder)
    assert (found.missing, found.damaged) == ((), ())
    assert len(found.digest) == 64
    return found.digest


def test_the_contents_are_what_train_gives(small, tmp_path):
    study = small()
    run(study, tmp_path, threads=2, chunk=64)
    results = open_results(tmp_path)
    assert results.conditions == ["cliff/hard", "cliff/soft"]
    for name, agent in study.agents.items():
        stored = results.curves(f"cliff/{name}")
        trained = fsq.train(study.environments["cliff"], agent, 200, 12, 60)
        for field in ("returns", "lengths", "truncated", "seeds"):
            np.testing.assert_array_equal(getattr(stored, field), getattr(trained, field))
            assert getattr(stored, field).dtype == getattr(trained, field).dtype
        assert (stored.agent, stored.mdp) == (trained.agent, trained.mdp)
        assert (stored.max_steps, stored.precision) == (60, "double")
    assert results.curves("cliff/soft", runs=70).n_seeds == 70


@pytest.mark.parametrize(("threads", "chunk"), [(2, None), (8, 64), (1, 100), (2, 10**6)])
def test_the_digest_does_not_depend_on_threads_or_chunks(small, tmp_path, digest, threads, chunk):
    run(small(), tmp_path, threads=threads, chunk=chunk)
    assert verify(tmp_path, threads=threads).digest == digest


def test_the_digest_does_not_depend_on_the_order_of_agents_or_parts(small, tmp_path, digest):
    study = small()
    other = small(agents=dict(reversed(study.agents.items())))
    assert other.identity == study.identity
    for part in (3, 1, 2):
        run(other, tmp_path, part=(part, 3), chunk=64)
        assert (verify(tmp_path).digest == digest) == (part == 2)


def test_the_digest_depends_on_the_contents(small, tmp_path, digest):
    seen = {digest}
    variants = [{"seeds": 199}, {"episodes": 11}, {"seeds": range(1, 201)}, {"max_steps": 5}]
    for place, variant in enumerate(variants):
        run(small(**variant), tmp_path / str(place))
        seen.add(verify(tmp_path / str(place)).digest)
    assert len(seen) == len(variants) + 1


def test_parts_share_out_every_unit_once(small, tmp_path):
    run(small(seeds=700), tmp_path, part=(1, 9), chunk=64)
    plan = open_store(tmp_path).plan
    units = sorted(itertools.chain(*(plan.units((part, 9)) for part in range(1, 10))))
    assert units == sorted(plan.units())
    assert len(units) == 22
    assert {unit.condition for unit in plan.units((1, 9))} == {0, 1}
    with pytest.raises(ValueError, match=r"part is 10/9; it must be from 1/9 to 9/9"):
        run(small(), tmp_path, part=(10, 9))


@pytest.mark.parametrize("part", [3, (1, 2, 3), (1,), None])
def test_a_part_that_is_no_pair_is_told_by_name(small, tmp_path, part):
    with pytest.raises(TypeError, match=rf"^part is {re.escape(repr(part))}; it must be two integers, such as"):
        run(small(), tmp_path / "out", part=part)
    assert not (tmp_path / "out").exists()


def test_a_finished_folder_is_left_as_it_is(small, tmp_path):
    first = run(small(), tmp_path, chunk=64)
    assert (first.computed, first.kept) == (8, 0)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    again = run(small(), tmp_path)
    assert (again.computed, again.kept, again.steps, again.damaged) == (0, 8, 0, ())
    assert times == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}


def test_more_seeds_agents_and_environments_extend_a_folder(small, tmp_path):
    big = small(
        seeds=300,
        environments={**small().environments, "corridor": fsq.from_map("S..G")},
        agents={"sarsa": fsq.Sarsa(step_size=0.5, discount=0.9), **small().agents},
    )
    run(big, tmp_path / "at once")
    run(small(), tmp_path / "grown", chunk=64)
    steps = 0
    for study in (small(seeds=230), small(seeds=230, agents=big.agents), big):
        steps += run(study, tmp_path / "grown").steps
        assert verify(tmp_path / "grown").digest is not None
    everything = sum(int(curves.lengths.sum()) for curves in _all_curves(tmp_path / "grown"))
    first = sum(int(c.lengths[:200].sum()) for c in _all_curves(tmp_path / "grown")[:2])
    assert steps == everything - first  # nothing was computed twice
    assert verify(tmp_path / "grown").digest == verify(tmp_path / "at once").digest
    assert open_results(tmp_path / "grown").conditions[:3] == ["cliff/hard", "cliff/soft", "cliff/sarsa"]
    assert len(open_results(tmp_path / "grown").provenance) == 4


def _all_curves(folder):
    results = open_results(folder)
    return [results.curves(name) for name in results.conditions]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "other"}, "name is 'small' there and 'other' here"),
        ({"episodes": 13}, "episodes is 12 there and 13 here"),
        ({"precision": "mixed"}, "precision is 'double' there"),
        ({"keep": "summary"}, "keep is 'curves' there"),
        ({"seeds": 100}, "it has 200 seeds, and 100 are asked for here"),
        ({"seeds": range(5, 300)}, "seeds start at 0 there and at 5 here"),
        ({"environments": {"cliff": fsq.cliff_walking()}}, "environments.cliff has states 15 there and 48 here"),
        (
            {"environments": {"cliff": fsq.cliff_walking(height=3, width=5, cliff_reward=-50)}},
            "environments.cliff has other outcomes there",
        ),
        ({"agents": {"hard": fsq.QLearning(0.8, 0.95)}}, "agents.soft is there and not here"),
        ({"agents": {"hard": fsq.QLearning(0.5, 0.95)}}, "agents.hard has step_size 0.8 there and 0.5 here"),
    ],
)
def test_another_study_is_refused(small, tmp_path, digest, change, message):
    run(small(), tmp_path)
    with pytest.raises(FolderError, match="holds another study's results: " + message):
        run(small(**change), tmp_path)
    assert verify(tmp_path).digest == digest


def test_other_folders_are_refused(small, tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(FolderError, match=r"not empty and holds no study; there is 'thesis\.tex'"):
        run(small(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(FolderError, match="holds no study"):
        verify(tmp_path / "nowhere")


def test_chunks_cannot_change(small, tmp_path):
    run(small(), tmp_path, chunk=64)
    with pytest.raises(FolderError, match="has chunks of 64 runs; that cannot be changed to 128"):
        run(small(), tmp_path, chunk=128)


@pytest.mark.parametrize(
    ("fields", "chunk", "message"),
    [
        ({}, 0, "chunk is 0; it must be at least 1"),
        ({}, 10**9, "chunk is 1000000000 runs of 12 episodes; no array of a chunk may take 2 GiB"),
        (  # 64 runs of 8 bytes an episode
            {"episodes": 10**7},
            None,
            "cliff/hard has 10000000 episodes, too many to be stored: an array of 64 runs, .* would take 4.77 GiB",
        ),
        ({"keep": "summary", "block": 2, "episodes": 10**8}, None, "100000000 episodes.*: an array of 2 runs"),
        ({"keep": "summary", "block": 2, "episodes": 10**6}, 64, "must be at most 44 runs, and a multiple of 2"),
    ],
)
def test_chunks_have_their_limits(small, tmp_path, fields, chunk, message):
    with pytest.raises(ValueError, match=message):
        run(small(**fields), tmp_path, chunk=chunk)
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_any_flipped_bit_is_found_named_and_mended(small, tmp_path, digest):
    run(small(), tmp_path, chunk=64)
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert len(files) > 40
    draw = random.Random(6)
    for path in files:
        whole = path.read_bytes()
        for place in {0, len(whole) - 1, draw.randrange(len(whole)), draw.randrange(len(whole))}:
            broken = bytearray(whole)
            broken[place] ^= 1 << draw.randrange(8)
            path.write_bytes(broken)
            name = path.relative_to(tmp_path).as_posix()
            found = verify(tmp_path, threads=1)
            assert found.digest is None
            assert found.damaged == (name,)
        outcome = run(small(), tmp_path)
        assert outcome.damaged == (name,)
        assert verify(tmp_path).digest == digest


def test_a_file_cut_short_swapped_or_lost_is_found_and_mended(small, tmp_path, digest):
    run(small(), tmp_path, chunk=64)
    arrays = tmp_path / "results.zarr" / "returns" / "c"
    one, other, third = (arrays / where for where in ("0/0/0", "0/1/0", "1/2/0"))
    a, b = one.read_bytes(), other.read_bytes()
    one.write_bytes(b)
    other.write_bytes(a)
    third.write_bytes(third.read_bytes()[:-100])
    (arrays / "1/3/0").unlink()
    (tmp_path / "done" / "1.1").unlink()
    found = verify(tmp_path)
    assert {name for name in found.damaged if "returns" in name} == {
        "results.zarr/returns/c/0/0/0",
        "results.zarr/returns/c/0/1/0",
        "results.zarr/returns/c/1/2/0",
        "results.zarr/returns/c/1/3/0",
    }
    assert found.missing == ("cliff/soft, seeds 64 to 127",)
    with pytest.raises(ValueError, match="returns/c/0/0/0"):
        open_results(tmp_path).curves("cliff/hard")
    assert run(small(), tmp_path).computed == 5
    assert verify(tmp_path).digest == digest


def test_a_folder_without_a_plan_is_refused(small, tmp_path):
    run(small(), tmp_path)
    for path in (tmp_path / "study.json", tmp_path / "results.zarr" / "zarr.json"):
        path.write_bytes(path.read_bytes()[:-1])
    for use in (verify, open_results, lambda folder: run(small(), folder)):
        with pytest.raises(FolderError, match="are both damaged"):
            use(tmp_path)


def test_what_is_not_done_is_named_in_one_piece_where_it_is_one(small, tmp_path):
    run(small(seeds=300), tmp_path, chunk=64)
    for chunk in (1, 2, 4):
        (tmp_path / "done" / f"0.{chunk}").unlink()
    results = open_results(tmp_path)
    with pytest.raises(DamagedError, match=f": not done: runs 64 to 191, 256 to 299 of {results.conditions[0]}; run"):
        results.curves(results.conditions[0])


def test_an_exception_in_a_watch_stops_the_run(small, tmp_path, digest):
    class Impatient:
        def begin(self, store, units):
            pass

        def tick(self, unit, progress):
            pass

        def done(self, result):
            raise KeyboardInterrupt

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            run(small(), tmp_path, threads=1, chunk=64, watch=Impatient())
    assert verify(tmp_path).damaged == ()
    assert list((tmp_path / "claims").iterdir()) == []
    assert run(small(), tmp_path).kept >= 1
    assert verify(tmp_path).digest == digest


def test_a_study_is_what_runs(tmp_path):
    with pytest.raises(TypeError, match="it must be a Study"):
        run({"name": "x"}, tmp_path)
    assert list(Path(tmp_path).iterdir()) == []


def test_wandering_is_warned_of_once_for_each_condition_however_many_chunks(small, tmp_path):
    soft = fsq.SoftQLearning(step_size=0.8, discount=0.95)
    study = small(agents={"soft": soft, "stronger": soft._replace(reward_scale=5.0)})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        outcome = run(study, tmp_path / "out", chunk=64, threads=2)
    assert outcome.computed == 8
    (warning,) = [w for w in caught if w.category is UserWarning]
    assert "reward_scale / temperature is 1, not above" in str(warning.message)
    assert warning.filename == __file__


def test_more_seeds_than_have_labels_in_memory_are_refused_before_anything_is_written(small, tmp_path):
    huge = small(seeds=2**40)
    with pytest.raises(ValueError, match=rf"seeds is {2**40}; a study of so many needs .* of memory"):
        run(huge, tmp_path / "out")
    assert not (tmp_path / "out").exists()
