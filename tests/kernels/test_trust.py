"""Whose folders compiled code is loaded from."""

import os
import sys
from pathlib import Path

import pytest

from fastsoftq.kernels import compiled_files
from fastsoftq.kernels.trust import is_own, why_not_trusted

pytestmark = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have no owners here")
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
STRANGER = 54321


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "above" / "cache"
    made.mkdir(parents=True)
    made.chmod(0o755)
    made.parent.chmod(0o755)
    return made


@pytest.fixture
def fresh(monkeypatch):
    """What is known of folders' trustworthiness is forgotten."""
    compiled_files._is_trusted.cache_clear()
    monkeypatch.delenv("FASTSOFTQ_TRUST_CACHE", raising=False)
    yield
    compiled_files._is_trusted.cache_clear()


@pytest.mark.parametrize(
    ("mode", "above", "words"),
    [
        (0o700, 0o700, None),
        (0o755, 0o755, None),
        (0o777, 0o755, "others can write to {cache} (mode 0777)"),
        (0o757, 0o755, "others can write to {cache} (mode 0757)"),
        (0o1777, 0o755, "others can write to {cache} (mode 1777)"),  # they can make files there
        (0o755, 0o777, "others can write to {above} (mode 0777)"),  # they can put another folder in its place
        (0o755, 0o1777, None),  # they cannot, as in /tmp
    ],
)
def test_nobody_else_can_write_there(folder, mode, above, words):
    folder.chmod(mode)
    folder.parent.chmod(above)
    expected = words and words.format(cache=folder, above=folder.parent)
    assert why_not_trusted(folder) == expected


@pytest.mark.skipif(not ROOT, reason="only root can give files away")
def test_it_belongs_to_the_user_or_to_root(folder, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: STRANGER)
    assert why_not_trusted(folder) is None  # root's
    os.chown(folder, STRANGER, 0)
    assert why_not_trusted(folder) is None  # their own
    os.chown(folder, STRANGER + 1, 0)
    assert why_not_trusted(folder) == f"{folder} belongs to another user ({STRANGER + 1})"


@pytest.mark.skipif(not ROOT, reason="only root can give files away")
def test_a_group_may_write_if_it_is_the_users_alone(folder):
    import grp

    folder.chmod(0o775)
    assert why_not_trusted(folder) is None  # root's own
    others = next(entry for entry in grp.getgrall() if entry.gr_gid != 0)
    os.chown(folder, 0, others.gr_gid)
    assert why_not_trusted(folder) == f"others can write to {folder} (mode 0775)"


def test_a_link_is_as_trustworthy_as_what_it_leads_to(folder, tmp_path):
    folder.parent.chmod(0o777)
    (tmp_path / "link").symlink_to(folder)
    assert "others can write" in why_not_trusted(tmp_path / "link")


def test_so_must_each_file(folder):
    path = folder / "file"
    path.touch()
    for mode, own in ((0o644, True), (0o600, True), (0o646, False), (0o666, False)):
        path.chmod(mode)
        with path.open() as file:
            assert is_own(file.fileno()) == own


@pytest.mark.parametrize(
    ("umask", "folder_mode", "file_mode"),
    [(0o022, 0o755, 0o644), (0o077, 0o700, 0o600), (0o002, 0o755, 0o644), (0o000, 0o755, 0o644), (0o027, 0o750, 0o640)],
)
def test_what_is_written_others_may_read_as_the_umask_says_and_never_change(
    folder, fresh, umask, folder_mode, file_mode
):
    before = os.umask(umask)
    try:
        compiled_files.write(folder / "new" / "deeper" / "code.jit", b"code")
    finally:
        os.umask(before)
    (path,) = (folder / "new" / "deeper").iterdir()
    assert path.name == "code.jit"
    assert path.stat().st_mode & 0o7777 == file_mode
    assert {place.stat().st_mode & 0o7777 for place in (path.parent, path.parent.parent)} == {folder_mode}
    assert compiled_files.read(path) == b"code"


def test_what_others_can_change_is_neither_read_nor_written_and_said_once(folder, fresh):
    path = folder / "code.jit"
    compiled_files.write(path, b"code")
    compiled_files._is_trusted.cache_clear()
    folder.chmod(0o777)
    with pytest.warns(UserWarning, match=r"is not used.*mode 0777.*FASTSOFTQ_TRUST_CACHE=1") as said:
        seen = [
            compiled_files.read(path),
            compiled_files.write(folder / "more.jit", b"more"),
            compiled_files.read(path),
        ]
    assert seen == [None, None, None]
    assert len(said) == 1
    assert [found.name for found in folder.iterdir()] == ["code.jit"]


def test_unless_they_are_said_to_be_trusted(folder, fresh, monkeypatch):
    path = folder / "code.jit"
    folder.chmod(0o777)
    monkeypatch.setenv("FASTSOFTQ_TRUST_CACHE", "1")
    compiled_files.write(path, b"code")
    path.chmod(0o666)
    assert compiled_files.read(path) == b"code"


def test_a_file_that_others_can_change_is_not_read(folder, fresh):
    path = folder / "code.jit"
    compiled_files.write(path, b"code")
    path.chmod(0o666)
    assert compiled_files.read(path) is None
    compiled_files.write(path, b"again")  # another in its place
    assert compiled_files.read(path) == b"again"


@pytest.mark.skipif(not ROOT or sys.platform != "linux", reason="only root can become somebody else")
def test_a_shared_folder_serves_everybody(folder, fresh):
    path = folder / "code.jit"
    compiled_files.write(path, b"code")
    for place in (folder, *folder.parents):
        if place == Path("/tmp"):
            break
        place.chmod(0o755)
    child = os.fork()
    if child == 0:
        try:
            os.setgid(STRANGER)
            os.setuid(STRANGER)
            compiled_files._is_trusted.cache_clear()
            os._exit(0 if compiled_files.read(path) == b"code" else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
