import pytest

from fastsoftq.studies.atomic import atomic_write


def test_the_name_appears_with_all_of_the_contents(tmp_path):
    path = tmp_path / "result"
    with atomic_write(path) as file:
        file.write(b"half")
        file.flush()
        assert not path.exists()
        file.write(b"whole")
    assert path.read_bytes() == b"halfwhole"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("failure", [OSError, KeyboardInterrupt])
def test_what_fails_leaves_the_old_contents_and_nothing_beside_them(tmp_path, failure):
    path = tmp_path / "result"
    path.write_bytes(b"old")
    with pytest.raises(failure), atomic_write(path) as file:  # noqa: PT012 - it is the context that is tested
        file.write(b"new")
        raise failure
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_files_are_readable_by_whom_the_umask_allows(tmp_path):
    with atomic_write(tmp_path / "atomic"):
        pass
    (tmp_path / "plain").touch()
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "nowhere" / "result"):
        pass
