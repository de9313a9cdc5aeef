import os
import pickle
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fastsoftq.studies.storing.storage import LocalStorage, is_dead, open_storage
from fastsoftq.studies.storing.unit_claims import LEASE, Claims
from fastsoftq.system import atomic
from fastsoftq.system.atomic import atomic_write

HOST = socket.gethostname()


@pytest.fixture
def dead_process():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_path_or_a_url_is_opened(tmp_path):
    assert isinstance(open_storage(tmp_path), LocalStorage)
    assert open_storage(f"file://{tmp_path}").root == tmp_path
    assert open_storage("x").root.is_absolute()  # whatever folder a worker runs in


def test_a_kind_of_url_that_is_unknown_is_refused_by_name():
    pytest.importorskip("fsspec")
    message = "the folder of results is 'nosuch://x/y'; fsspec knows no URLs that begin with 'nosuch://'"
    with pytest.raises(ValueError, match=f"^{message}$"):
        open_storage("nosuch://x/y")
    assert open_storage("simplecache::memory://x").url == "simplecache::memory://x"


@pytest.fixture(params=["local", "memory"])
def storage(request, tmp_path):
    if request.param == "local":
        return open_storage(tmp_path / "below")
    pytest.importorskip("fsspec")
    return open_storage(f"memory://{request.node.name}")


def test_files_are_read_listed_and_replaced(storage):
    assert storage.read("a/b") is None
    assert storage.names("a") == []
    storage.write("a/b", b"one")
    storage.write("a/b", b"two")
    storage.write("a/c/d", b"three")
    assert storage.read("a/b") == b"two"
    assert sorted(storage.names("a")) == ["b", "c"]
    assert storage.read("a/b/no") is None
    again = pickle.loads(pickle.dumps(storage))
    assert again.read("a/c/d") == b"three"
    assert again.url == storage.url


def test_a_write_that_fails_leaves_what_was_there(tmp_path, faults):
    storage = open_storage(tmp_path)
    storage.write("a", b"old")
    for at in range(4):  # open, write, fsync, replace
        with faults(at) as faulty, pytest.raises(OSError, match="No space left"):
            storage.write("a", b"new" * 1000)
        assert faulty.failed is not None
        assert storage.read("a") == b"old"
        assert storage.names("tmp") == []


def test_temporary_files_of_the_dead_are_removed(tmp_path, dead_process):
    storage = open_storage(tmp_path)
    (tmp_path / "tmp").mkdir()
    old, mine, elsewhere, ancient = (
        tmp_path / "tmp" / name
        for name in (
            f"{HOST}.{dead_process}.0",
            f"{HOST}.{os.getpid()}.0",
            "far.example.org.12.0",
            "far.example.org.12.1",
        )
    )
    for path in (old, mine, elsewhere, ancient):
        path.write_bytes(b"half")
    os.utime(ancient, (0, 0))
    storage.sweep()
    assert sorted((tmp_path / "tmp").iterdir()) == sorted([mine, elsewhere])


def test_only_one_has_a_claim(tmp_path):
    storage = open_storage(tmp_path)
    claims, others = Claims(storage), Claims(storage)
    assert claims.take("0.1")
    assert not claims.take("0.1")
    assert not others.take("0.1")
    assert others.take("0.2")
    assert claims.owners() == dict.fromkeys(("0.1", "0.2"), f"{HOST} {os.getpid()}")
    claims.release("0.1")
    claims.release("0.1")
    assert others.take("0.1")


def test_claims_end_with_their_owner_or_without_a_touch(tmp_path, dead_process):
    claims = Claims(open_storage(tmp_path))
    folder = tmp_path / "claims"
    folder.mkdir()
    long_ago = time.time() - LEASE - 1
    for name, owner, touched, ended in (
        ("dead", f"{HOST} {dead_process}\n", None, True),
        ("alive", f"{HOST} {os.getppid()}\n", None, False),
        ("elsewhere", "far.example.org 12\n", None, False),
        ("silent", "far.example.org 12\n", long_ago, True),
        ("forgotten", f"{HOST} {os.getpid()}\n", None, True),
        ("blank", "", None, False),
        ("old blank", "", time.time() - 5, True),
        ("cut short", f"{HOST} {str(os.getppid())[:1]}", time.time() - 5, True),
    ):
        (folder / name).write_text(owner)
        if touched is not None:
            os.utime(folder / name, (touched, touched))
        assert (name in claims.owners()) != ended
        assert claims.take(name) == ended, name


AHEAD, BEHIND = 86400.0, -86400.0


@pytest.fixture
def watch(monkeypatch):
    """The watch of whoever waits for claims; it goes on only as it is told."""
    now = [1000.0]
    monkeypatch.setattr("fastsoftq.studies.storing.unit_claims.time.monotonic", lambda: now[0])

    def wait(seconds):
        now[0] += seconds

    return wait


@pytest.mark.parametrize(("owner", "lease"), [("far.example.org 12\n", LEASE), ("", 2.0)])
def test_a_claim_from_the_future_ends_as_any_other(tmp_path, watch, owner, lease):
    claims = Claims(open_storage(tmp_path))
    (tmp_path / "claims").mkdir()
    path = tmp_path / "claims" / "0.0"
    path.write_text(owner)
    os.utime(path, (time.time() + AHEAD,) * 2)
    assert not claims.take("0.0")
    assert list(claims.owners()) == ["0.0"]
    watch(lease - 1.0)
    assert not claims.take("0.0")
    os.utime(path, (time.time() + AHEAD + 5,) * 2)  # its owner lives
    watch(lease - 1.0)
    assert not claims.take("0.0")
    watch(lease - 1.0)
    assert not claims.take("0.0")
    watch(1.1)
    assert claims.take("0.0")
    assert abs(time.time() - path.stat().st_mtime) < LEASE


def test_nor_does_a_clock_of_ones_own_that_is_ahead_end_the_claims_of_others(tmp_path, monkeypatch):
    claims = Claims(open_storage(tmp_path))
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "0.0").write_text("far.example.org 12\n")
    real = time.time
    for skew in (AHEAD, BEHIND):
        monkeypatch.setattr("fastsoftq.studies.storing.unit_claims.time.time", lambda skew=skew: real() + skew)
        assert not claims.take("0.0")


def test_a_claim_that_was_taken_again_is_watched_anew(tmp_path, watch):
    claims = Claims(open_storage(tmp_path))
    (tmp_path / "claims").mkdir()
    path = tmp_path / "claims" / "0.0"
    for process in range(3):
        path.write_text(f"far.example.org {process}\n")
        os.utime(path, (2e9, 2e9))
        assert not claims.take("0.0")
        watch(LEASE - 1.0)
    watch(1.1)
    assert claims.take("0.0")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux says which processes have ended so")
def test_a_process_that_nobody_waited_for_is_dead(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    process.stdout.read()
    until = time.monotonic() + 10
    while not is_dead(HOST, str(process.pid)) and time.monotonic() < until:
        time.sleep(0.01)
    assert is_dead(HOST, str(process.pid))
    assert process.wait() == 0
    process.stdout.close()


def test_where_nothing_tells_of_processes_one_that_has_a_number_runs(monkeypatch):
    def missing(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)
    assert not is_dead(HOST, str(os.getpid()))


def test_a_touch_keeps_a_claim(tmp_path, monkeypatch):
    claims = Claims(open_storage(tmp_path))
    assert claims.take("0.0")
    path = tmp_path / "claims" / "0.0"
    os.utime(path, (0, 0))
    claims.touch("0.0")
    assert path.stat().st_mtime == 0  # it was taken just now
    monkeypatch.setattr("fastsoftq.studies.storing.unit_claims._TOUCH", -1.0)
    claims.touch("0.0")
    assert time.time() - path.stat().st_mtime < LEASE
    path.unlink()
    claims.touch("0.0")  # whoever removed it: no harm


def test_object_stores_have_no_claims():
    pytest.importorskip("fsspec")
    claims = Claims(open_storage("memory://claims"))
    assert claims.take("a")
    assert claims.take("a")
    claims.touch("a")
    claims.release("a")
    assert claims.owners() == {}


def test_what_a_killed_process_had_not_put_in_place_is_swept(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    host = socket.gethostname()
    names = {
        f".curves.npz+{host}+{ended.pid}.0123abcd.partial": False,
        f".curves.npz+{host}+{os.getpid()}.0123abcd.partial": True,
        f".curves.npz+elsewhere+{ended.pid}.0123abcd.partial": True,
        f".mine+{host}+{ended.pid}.partial": True,
        "curves.npz.partial": True,
        f"tmp/{host}.{ended.pid}.3": False,
        f"tmp/{host}.{os.getpid()}.3": True,
    }
    (tmp_path / "tmp").mkdir()
    for name in names:
        (tmp_path / name).touch()
    LocalStorage(tmp_path).sweep()
    assert {name: (tmp_path / name).exists() for name in names} == names


def test_its_temporary_file_is_swept_by_that_name(tmp_path):
    def killed(*arguments):
        os._exit(9)

    process = os.fork()
    if not process:
        atomic.os.replace = killed
        atomic_write(tmp_path / "summary.csv", b"half")
    os.waitpid(process, 0)
    assert len(list(tmp_path.iterdir())) == 1
    LocalStorage(tmp_path).sweep()
    assert list(tmp_path.iterdir()) == []
