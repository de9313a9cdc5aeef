import os

import pytest

from fastsoftq.system import atomic
from fastsoftq.system.atomic import atomic_file, atomic_write


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


def test_a_file_takes_its_name_once_it_is_written_and_on_the_disk(tmp_path, monkeypatch):
    path, done = tmp_path / "result", []
    flush = atomic.os.fsync
    monkeypatch.setattr(atomic.os, "fsync", lambda handle: (done.append(path.exists()), flush(handle)))
    for contents, there in ((b"first", False), (b"second", True)):
        with atomic_file(path) as partial:
            partial.write_bytes(contents)
            assert path.exists() == there
        assert path.read_bytes() == contents
        assert list(tmp_path.iterdir()) == [path]
    assert done == [False, True, True, True]


@pytest.mark.parametrize("within", [True, False], ids=["while it is written", "while it is flushed"])
@pytest.mark.parametrize("failure", [OSError, KeyboardInterrupt])
def test_a_file_that_fails_leaves_the_old_one(tmp_path, monkeypatch, within, failure):
    def fail(*_):
        raise failure

    path = tmp_path / "result"
    path.write_bytes(b"old")
    monkeypatch.setattr(atomic.os, "fsync", fail)
    with pytest.raises(failure), atomic_file(path) as partial:  # noqa: PT012
        partial.write_bytes(b"new")
        if within:
            fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        atomic_write(tmp_path / "nowhere" / "result", b"")


@pytest.mark.parametrize(
    ("umask", "mode", "expected"), [(0o022, 0o666, 0o644), (0, 0o644, 0o644), (0o077, 0o644, 0o600)]
)
def test_a_mode_is_what_the_umask_leaves_of_it(tmp_path, umask, mode, expected):
    before = os.umask(umask)
    try:
        atomic_write(tmp_path / "file", b"", mode=mode)
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == expected
