import os
import socket
import subprocess
import sys

import pytest

from fastsoftq.studies.storage import LocalStorage
from fastsoftq.system import atomic
from fastsoftq.system.atomic import atomic_write


def test_the_name_stands_for_all_of_the_contents(tmp_path):
    path = tmp_path / "result"
    for contents in (b"whole", b"", b"new" * 10**6):
        atomic_write(path, contents)
        assert path.read_bytes() == contents
        assert list(tmp_path.iterdir()) == [path]


def test_it_takes_its_name_only_when_all_is_on_the_disk(tmp_path, monkeypatch):
    path, done = tmp_path / "result", []
    flush = atomic.os.fsync
    monkeypatch.setattr(atomic.os, "fsync", lambda handle: (done.append(path.exists()), flush(handle)))
    atomic_write(path, b"contents", tmp_path / "elsewhere")
    assert done == [False, True]  # the file, and then the folder with its name
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("failure", [OSError, KeyboardInterrupt])
def test_what_fails_leaves_the_old_contents_and_nothing_beside_them(tmp_path, monkeypatch, failure):
    def fail(handle):
        raise failure

    path = tmp_path / "result"
    path.write_bytes(b"old")
    monkeypatch.setattr(atomic.os, "fsync", fail)
    with pytest.raises(failure):
        atomic_write(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_files_are_readable_by_whom_the_umask_allows(tmp_path):
    atomic_write(tmp_path / "atomic", b"")
    (tmp_path / "plain").touch()
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        atomic_write(tmp_path / "nowhere" / "result", b"")


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


def test_its_temporary_file_is_swept_by_that_name(tmp_path, monkeypatch):
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
