import json
import threading
import time

import pytest

from fastsoftq.studies.inspect import status, verify
from fastsoftq.studies.running import run
from fastsoftq.studies.storing.store import open_store


def test_every_write_rename_and_flush_may_fail_once(small, tmp_path, faults):
    study = small(seeds=70, episodes=3)
    with faults() as faulty:
        run(study, tmp_path / "whole", threads=1, chunk=64)
    digest = verify(tmp_path / "whole").digest
    calls = faulty.count
    assert calls > 100  # 4 units of 4 files, metadata and labels, each opened, written, flushed, renamed, ...
    failed = set()
    for at in range(calls):
        folder = tmp_path / str(at)
        with faults(at) as faulty:
            try:
                run(study, folder, threads=1, chunk=64)
            except OSError as error:
                assert "No space left" in str(error)  # noqa: PT017
            else:
                assert faulty.failed == "unlink"  # a claim that cannot be removed is no error
        failed.add(faulty.failed)
        assert not any(folder.glob("tmp/*"))
        with faults():
            run(study, folder, threads=1, chunk=64)
        assert verify(folder, threads=1).digest == digest
    assert failed == {"open", "write", "fsync", "replace", "unlink"}


def test_a_failure_stops_the_other_threads_and_keeps_what_is_done(small, tmp_path, faults):
    study = small(seeds=1000)
    with faults(40, "fsync") as faulty, pytest.raises(OSError, match="No space left"):
        run(study, tmp_path, threads=4, chunk=64)
    assert faulty.failed is not None
    found = verify(tmp_path)
    assert found.damaged == ()
    assert 0 < len(found.missing) < 32
    outcome = run(study, tmp_path)
    assert outcome.kept == 32 - len(found.missing)
    assert verify(tmp_path).digest is not None


def test_two_runs_on_one_folder_share_the_work(small, tmp_path):
    study = small(seeds=2000, episodes=60)
    outcomes = []
    runs = [
        threading.Thread(target=lambda: outcomes.append(run(study, tmp_path / "both", threads=2, chunk=64)))
        for _ in range(2)
    ]
    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join()
    units = len(open_store(tmp_path / "both").plan.units())
    assert units == 64
    assert sum(outcome.computed for outcome in outcomes) == units  # none twice
    assert all(outcome.computed > 0 for outcome in outcomes)
    run(study, tmp_path / "one")
    assert verify(tmp_path / "both").digest == verify(tmp_path / "one").digest


def test_a_unit_that_another_run_has_is_waited_for(small, tmp_path, monkeypatch):
    monkeypatch.setattr("fastsoftq.studies.filling._AGAIN", 0.05)
    monkeypatch.setattr("fastsoftq.studies.storing.unit_claims._BLANK", 10.0)
    study = small()
    run(study, tmp_path, part=(1, 2), chunk=64)
    unit = open_store(tmp_path).plan.units((2, 2))[0]
    (tmp_path / "claims" / unit.name).touch()  # as a process does that has not written its name yet
    rest = threading.Thread(target=run, args=(study, tmp_path))
    rest.start()
    until = time.monotonic() + 60
    while sum(row.done for row in status(tmp_path).rows) < 400 - unit.runs and time.monotonic() < until:
        time.sleep(0.02)
    rest.join(0.3)
    assert rest.is_alive()
    assert list(status(tmp_path).owners) == [unit.name]
    (tmp_path / "claims" / unit.name).unlink()
    rest.join(60)
    assert not rest.is_alive()
    assert verify(tmp_path).digest is not None


def test_many_may_make_the_folder_at_once(small, tmp_path):
    study = small()
    threads = [
        threading.Thread(target=run, args=(study, tmp_path), kwargs={"part": (i, 6), "chunk": 64}) for i in range(1, 7)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verify(tmp_path).digest is not None
    assert len(json.loads((tmp_path / "study.json").read_bytes())["provenance"]) == 1
