"""Tidy tables, as data frames and as files that pandas, Polars, DuckDB, NumPy and xarray read back."""

import errno
import io
import math
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.studies import Condition, DamagedError, Study, open_results, read_study, run
from fastsoftq.studies.exporting import tidy as tables
from fastsoftq.studies.exporting.exporting import export
from fastsoftq.studies.exporting.patient_file import PatientFile
from fastsoftq.studies.exporting.tidy import Tidy
from fastsoftq.studies.storing.store import open_store
from fastsoftq.system.memory import TooLargeError

duckdb = pytest.importorskip("duckdb")
pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")
xarray = pytest.importorskip("xarray")
pytest.importorskip("h5netcdf")

SWEEP = Path(__file__).with_name("sweep.toml")
FORMATS = ("csv", "parquet", "npz", "netcdf")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep") / "out"
    run(read_study(SWEEP), folder, chunk=64)
    return folder


@pytest.fixture(scope="module")
def uneven(tmp_path_factory):
    """Conditions that differ in episodes, first seeds and in how many runs they have."""
    study = Study(
        name="uneven",
        episodes=9,
        seeds=70,
        max_steps=30,
        environments={"cliff": fsq.cliff_walking(height=3, width=4)},
        agents={"hard": fsq.QLearning(0.8, 0.95), "soft": fsq.SoftQLearning(0.8, 0.95, reward_scale=5)},
        conditions=[
            Condition("cliff", "hard", "long"),
            Condition("cliff", "soft", "short", episodes=4, first_seed=100),
            Condition("cliff", "hard", "few", seeds=3),
        ],
    )
    folder = tmp_path_factory.mktemp("uneven") / "out"
    run(study, folder, chunk=64)
    return folder


@pytest.fixture(scope="module")
def summaries(tmp_path_factory):
    study = Study(
        name="summaries",
        episodes=5,
        seeds=100,
        max_steps=30,
        keep="summary",
        block=64,
        environments={"cliff": fsq.cliff_walking(height=3, width=4)},
        agents={"hard": fsq.QLearning(0.8, 0.95), "soft": fsq.SoftQLearning(0.8, 0.95, reward_scale=5)},
    )
    folder = tmp_path_factory.mktemp("summaries") / "out"
    run(study, folder)
    return folder


def slow_rows(results, episodes):
    """The table as a list of dictionaries, a value after the other."""
    rows = []
    for place, name in enumerate(results.conditions):
        own = {column: values[place] for column, values in results.coordinates.items()} | {"condition": name}
        curves = results.curves(name)
        for run_, seed in enumerate(curves.seeds.tolist()):
            returns, lengths = curves.returns[run_].tolist(), curves.lengths[run_].tolist()
            truncated = curves.truncated[run_].tolist()
            if episodes:
                told = zip(returns, lengths, truncated, strict=True)
                for episode, (return_, length, cut) in enumerate(told, 1):
                    row = {"seed": seed, "episode": episode, "return": return_, "length": length, "truncated": cut}
                    rows.append(own | row)
                continue
            row = own | {"seed": seed}
            for over, last in (("last", 100), ("area", len(returns))):
                for of, values in (("return", returns), ("length", lengths), ("truncated", truncated)):
                    some = values[-last:]
                    row[f"{of}_{over}"] = sum(some) / len(some)
            rows.append(row | {"steps": sum(lengths)})
    return rows


def same(rows, columns):
    """Whether a table, given by its columns, is what the rows say; what is missing is None or NaN."""
    for name in rows[0]:
        assert len(columns[name]) == len(rows), name
        for row, value in zip(rows, columns[name], strict=True):
            if row[name] is None:
                assert value is None or value is pandas.NA or value != value, name
            elif isinstance(row[name], str | bool):
                assert value == row[name], name
            else:
                assert math.isclose(value, row[name], rel_tol=1e-13), name


@pytest.mark.parametrize("episodes", [False, True], ids=["runs", "episodes"])
@pytest.mark.parametrize("which", ["folder", "uneven"])
def test_frames_are_what_rows_say(which, episodes, request, monkeypatch):
    results = open_results(request.getfixturevalue(which))
    rows = slow_rows(results, episodes)
    monkeypatch.setattr(tables, "_ROWS", 37)  # blocks of a few runs
    frame = results.to_pandas(episodes=episodes)
    same(rows, {name: frame[name].tolist() for name in frame})
    assert len(frame) == len(rows) == Tidy(results, episodes).rows
    frame = results.to_polars(episodes=episodes)
    same(rows, frame.to_dict(as_series=False))
    assert frame.columns[: len(rows[0])] == list(rows[0])


def test_columns_have_types(folder, uneven):
    frame = open_results(folder).to_pandas()
    assert frame.dtypes["seed"] == np.uint64
    assert frame.dtypes["steps"] == np.int64
    assert str(frame.dtypes["environment.size"]) == "Int64"
    assert frame.dtypes["step_size"] == frame.dtypes["epsilon"] == np.float64
    assert frame["environment.size"].isna().sum() == 8 * 70
    found = open_results(uneven).to_polars()
    assert found.schema["first_seed"] == found.schema["episodes"] == polars.Int64
    assert found.schema["seed"] == polars.UInt64
    assert found.filter(condition="short")["seed"].to_list() == list(range(100, 170))
    assert found.filter(condition="few").height == 3


def test_the_studys_measures_are_columns(folder):
    results = open_results(folder)
    frame = results.to_polars()
    names = ("last:4", "steps_to:-20", "steps_to:-20 censored")
    assert frame.columns[-3:] == list(names)
    for name in results.conditions:
        curves = results.curves(name)
        own = frame.filter(condition=name)
        np.testing.assert_allclose(own["last:4"], curves.returns[:, -4:].mean(axis=1), rtol=1e-13)
        for run_ in range(0, 70, 7):
            reached = [place for place, value in enumerate(curves.returns[run_].tolist()) if value >= -20]
            until = reached[0] + 1 if reached else 6
            assert own["steps_to:-20"][run_] == curves.lengths[run_, :until].sum()
            assert own["steps_to:-20 censored"][run_] == (not reached)


def test_a_measure_of_more_episodes_than_there_are_is_missing(small, tmp_path):
    conditions = [Condition("cliff", "hard"), Condition("cliff", "soft", episodes=5)]
    run(small(seeds=16, measures=["steps_to:-20:10"], conditions=conditions), tmp_path)
    frame = open_results(tmp_path).to_polars()
    missing = frame["steps_to:-20:10"].is_nan()
    assert missing.to_list() == [agent == "soft" for agent in frame["agent"]]


def test_only_times_are_told_to_be_censored(small, tmp_path):
    measures = ["length:3", "episodes_to:-20", "steps_to:-20", "worst:0.5", "last:4"]
    run(small(seeds=4, measures=measures), tmp_path)
    frame = open_results(tmp_path).to_polars()
    told = ["length:3", "episodes_to:-20", "episodes_to:-20 censored", "steps_to:-20", "steps_to:-20 censored"]
    assert frame.columns[-7:] == [*told, "worst:0.5", "last:4"]


def test_summaries_have_a_row_for_each_episode(summaries):
    results = open_results(summaries)
    for frame in (results.to_polars(), results.to_polars(episodes=True)):
        assert frame.height == 2 * 5
        for name in results.conditions:
            own = frame.filter(condition=name)
            returns, lengths = results.summary(name), results.summary(name, "length")
            assert own["episode"].to_list() == [1, 2, 3, 4, 5]
            assert own["runs"].to_list() == [100] * 5
            np.testing.assert_array_equal(own["return_mean"], returns.mean)
            np.testing.assert_array_equal(own["length_variance"], lengths.variance)
            np.testing.assert_array_equal(own["return_quantile_0.5"], returns.quantiles[4])
    kept = fsq.train(fsq.cliff_walking(height=3, width=4), results.agent("cliff/hard"), 100, 5, 30)
    np.testing.assert_allclose(results.truncated("cliff/hard"), kept.truncated.mean(axis=0), rtol=1e-13)
    hard = results.to_pandas().query("agent == 'hard'")
    np.testing.assert_allclose(hard["truncated"], kept.truncated.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(hard["return_mean"], kept.returns.mean(axis=0), rtol=1e-13)


def test_the_share_of_truncated_runs_is_that_of_curves(uneven):
    results = open_results(uneven)
    for name in results.conditions:
        np.testing.assert_allclose(results.truncated(name), results.curves(name).truncated.mean(axis=0), rtol=1e-13)


def test_pieces_are_the_curves(uneven):
    results = open_results(uneven)
    for name in results.conditions:
        pieces = list(results.pieces(name, 30))
        whole = results.curves(name)
        assert max(piece.n_seeds for piece in pieces) <= 30
        for field in ("returns", "lengths", "truncated", "seeds"):
            np.testing.assert_array_equal(
                np.concatenate([getattr(piece, field) for piece in pieces]), getattr(whole, field)
            )
        assert all((piece.max_steps, piece.agent) == (whole.max_steps, whole.agent) for piece in pieces)


@pytest.mark.parametrize("episodes", [False, True], ids=["runs", "episodes"])
@pytest.mark.parametrize("which", ["folder", "uneven"])
def test_files_are_read_back(which, episodes, request, tmp_path, monkeypatch):
    results = open_results(request.getfixturevalue(which))
    rows = slow_rows(results, episodes)
    monkeypatch.setattr(tables, "_ROWS", 50)
    for to in FORMATS:
        assert export(results, tmp_path / f"rows.{to}", to, episodes=episodes) == len(rows)
    for frame in (
        pandas.read_csv(tmp_path / "rows.csv"),
        pandas.read_csv(tmp_path / "rows.csv", dtype_backend="numpy_nullable"),
    ):
        same(rows, {name: frame[name].tolist() for name in frame})
    same(rows, polars.read_csv(tmp_path / "rows.csv", infer_schema_length=None).to_dict(as_series=False))
    same(rows, polars.read_parquet(tmp_path / "rows.parquet").to_dict(as_series=False))
    for to in ("csv", "parquet"):
        found = duckdb.sql(f"select * from read_{to}('{tmp_path / f'rows.{to}'}')")
        same(rows, dict(zip(found.columns, zip(*found.fetchall(), strict=True), strict=True)))
    with np.load(tmp_path / "rows.npz", allow_pickle=False) as arrays:
        plain = [
            {key: "" if value is None and arrays[key].dtype.kind == "U" else value for key, value in row.items()}
            for row in rows
        ]
        same(plain, {name: arrays[name].tolist() for name in arrays})


@pytest.mark.parametrize("which", ["folder", "uneven"])
def test_netcdf_has_dimensions_and_coordinates(which, request, tmp_path):
    results = open_results(request.getfixturevalue(which))
    file = tmp_path / "all.nc"
    export(results, file, "netcdf", episodes=True)
    with xarray.open_dataset(file) as dataset:
        assert dataset["length"].dtype == np.int32
        assert dataset["truncated"].dtype == bool
        assert dataset.attrs["study"] == results.name
        for place, name in enumerate(results.conditions):
            curves = results.curves(name)
            one = dataset.isel(condition=place)
            assert one.condition == name
            for key, rows in (("return", curves.returns), ("length", curves.lengths), ("truncated", curves.truncated)):
                inside = (slice(curves.n_seeds), slice(curves.n_episodes))
                np.testing.assert_array_equal(one[key].values[inside], rows)
            assert int(one["return"].notnull().sum()) == curves.returns.size
            for column, values in results.coordinates.items():
                value = one[column].item()
                if values[place] is None:
                    assert value == "" or np.isnan(value)
                else:
                    assert value == values[place]
        assert dataset["return"].groupby("step_size").mean(...).sizes == {
            "step_size": len(set(results.coordinates["step_size"]))
        }
    export(results, file, "netcdf")
    with xarray.open_dataset(file) as dataset:
        assert set(dataset["return_last"].dims) == {"condition", "seed"}
        frame = results.to_polars()
        np.testing.assert_allclose(dataset["return_last"].sum(), frame["return_last"].sum(), rtol=1e-12)


def test_summaries_are_exported(summaries, tmp_path):
    results = open_results(summaries)
    for to in FORMATS:
        assert export(results, tmp_path / f"rows.{to}", to) == 10
    frame = polars.read_parquet(tmp_path / "rows.parquet")
    assert frame.equals(results.to_polars())
    with xarray.open_dataset(tmp_path / "rows.netcdf", engine="h5netcdf") as dataset:
        assert dict(dataset.sizes) == {"condition": 2, "episode": 5}
        assert dataset["return_mean"].values.ravel().tolist() == frame["return_mean"].to_list()


def test_only_what_is_selected_is_written(folder, tmp_path):
    results = open_results(folder).select(agent="soft", step_size=1)
    assert export(results, tmp_path / "soft.parquet", "parquet") == 6 * 70
    found = duckdb.sql(f"select distinct agent, step_size from '{tmp_path / 'soft.parquet'}'").fetchall()
    assert found == [("soft", 1.0)]


def test_names_that_csv_quotes_and_files_cannot_have(small, tmp_path):
    agents = {'a "b",\nc': fsq.QLearning(0.8, 0.95), "=1+1|ü": fsq.QLearning(0.5, 0.95)}
    run(small(seeds=3, agents=agents), tmp_path / "out")
    results = open_results(tmp_path / "out")
    export(results, tmp_path / "rows.csv", "csv")
    # What a spreadsheet would calculate is kept from it; all else is as it was.
    assert set(pandas.read_csv(tmp_path / "rows.csv")["agent"]) == {'a "b",\nc', "'=1+1|ü"}
    found = duckdb.sql(f"select distinct agent from read_csv('{tmp_path / 'rows.csv'}')")
    assert {name for (name,) in found.fetchall()} == {'a "b",\nc', "'=1+1|ü"}


@pytest.mark.parametrize("to", FORMATS)
def test_damaged_results_are_not_exported_and_nothing_is_left(folder, tmp_path, to, small):
    run(small(seeds=100), tmp_path / "out", chunk=64)
    store = open_store(tmp_path / "out")
    (tmp_path / "out" / "results.zarr" / "returns" / "c" / "1" / "1" / "0").write_bytes(b"x")
    file = tmp_path / "files" / f"rows.{to}"
    file.parent.mkdir()
    export(open_results(folder), file, to)
    before = file.read_bytes()
    with pytest.raises(DamagedError, match=r"damaged: .*/c/1/1/0.*run it again to repair it"):
        export(open_results(store.url), file, to)
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert file.read_bytes() == before


@pytest.mark.parametrize("to", FORMATS)
def test_an_interruption_leaves_nothing(folder, tmp_path, to, monkeypatch):
    monkeypatch.setattr(tables, "_ROWS", 10)

    def watch(done, of):
        assert 0 < done <= of == 24 * 70 * 6
        if done > of / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(open_results(folder), tmp_path / f"rows.{to}", to, episodes=True, watch=watch)
    assert list(tmp_path.iterdir()) == []
    assert not [thread for thread in threading.enumerate() if "fastsoftq-export" in thread.name]


def test_a_table_that_does_not_fit_is_refused_before_it_is_made(folder, monkeypatch):
    from fastsoftq.system import memory

    monkeypatch.setattr(memory, "_SMALL", 0)
    monkeypatch.setattr(memory, "available_memory", lambda: 10**6)
    results = open_results(folder)
    monkeypatch.setattr(type(results), "pieces", lambda *_: pytest.fail("it reads"))
    for make in (results.to_pandas, results.to_polars):
        with pytest.raises(TooLargeError, match=r"a table of 10,080 rows and 21 columns needs .* export it to a file"):
            make(episodes=True)
    with pytest.raises(TypeError, match="episodes is 1; it must be True or False"):
        results.to_pandas(episodes=1)


def test_the_command_exports(folder, tmp_path, fastsoftq):
    done = fastsoftq("export", folder, "--to", "parquet")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"Export: {folder}/runs.parquet, 1,680 rows of 24 conditions\n"
    select = ["--select", "agent=soft", "--select", "step_size=0.5", "--select", "environment.size=5"]
    out = tmp_path / "some.csv"
    for _ in range(2):  # one that is there is replaced
        done = fastsoftq(
            "export", folder, "--to", "csv", "--out", out, "--episodes", *select, "--select", "step_size=1"
        )
        assert (done.returncode, done.stdout) == (0, f"Export: {out}, 1,680 rows of 4 conditions\n")
    assert set(polars.read_csv(out)["condition"]) == {
        f"goals[size=5]/soft[step_size={step},reward_scale={scale}]" for step in ("0.5", "1") for scale in (5, 10)
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "xlsx"], "to is 'xlsx'; it must be one of 'csv', 'parquet', 'npz', 'netcdf'"),
        (["--to", "csv", "--out", "a.parquet"], "out is 'a.parquet'; its name says parquet, and csv is asked for"),
        (["--to", "csv", "--out", "nowhere/a.csv"], "there is no folder"),
        (["--to", "csv", "--out", "."], "it is there and no file"),
        (["--to", "csv", "--out", "STUDY"], "what is there is no csv of results, and is not written over"),
        (["--to", "netcdf", "--out", "STUDY"], "what is there is no netcdf of results, and is not written over"),
        (["--to", "csv", "--select", "step_size"], "--select is 'step_size'; it must be like step_size=0.5"),
        (["--to", "csv", "--select", "stepsize=1"], "did you mean 'step_size'?"),
        (
            ["--to", "csv", "--select", "step_size=0.6"],
            "step_size is 0.6; did you mean 0.5? It must be one of 0.5, 1.0",
        ),
        (["--to", "csv", "--select", "step_size=true"], "step_size is True; it must be one of 0.5, 1.0"),
        ([], "Missing option '--to'"),
    ],
)
def test_what_cannot_be_exported_is_refused_in_one_line(folder, refused, arguments, message):
    before = {path.name for path in folder.iterdir()}
    study = str(folder / "study.json")
    done = refused("export", folder, *(study if word == "STUDY" else word for word in arguments))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("fastsoftq: ")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
    assert {path.name for path in folder.iterdir()} == before


@pytest.mark.parametrize("to", FORMATS)
def test_ctrl_c_midway_is_one_line_and_leaves_nothing(folder, tmp_path, to):
    script = """
import os, signal
import fastsoftq.studies.exporting.exporting as exporting
from fastsoftq.studies.exporting import tidy
tidy._ROWS = 10
def watched(table, rows, watch):
    done = 0
    for block in table.blocks():
        yield block
        done += block.size
        if done - block.size <= rows / 2 < done:
            os.kill(os.getpid(), signal.SIGINT)
exporting._watched = watched
from fastsoftq.__main__ import main
main()
"""
    arguments = ["export", folder, "--to", to, "--episodes", "--out", tmp_path / "rows"]
    command = [sys.executable, "-B", "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "fastsoftq: interrupted\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize("most", [1_000, 12_000])  # bytes: at the beginning, or midway
def test_a_full_disk_is_one_line_and_leaves_nothing(folder, tmp_path, to, most):
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))"
    script = f"{limit}; from fastsoftq.cli.app import main; main()"
    arguments = ["export", folder, "--to", to, "--episodes", "--out", tmp_path / "rows"]
    command = [sys.executable, "-B", "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "File too large" in done.stderr
    assert list(tmp_path.iterdir()) == []


class Disk:
    """A file on a disk that takes so many bytes, and not all at once."""

    def __init__(self, file, full):
        self.file = file
        self.full = full

    def __getattr__(self, name):
        return getattr(self.file, name)

    def write(self, data):
        room = self.full - self.file.tell()
        if room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.file.write(data[: min(room, 7)])


def test_a_patient_file_is_as_others_where_nothing_fails_and_where_it_does(tmp_path):
    """Beside a file in memory: the same reads, whatever is written, and one error told when it is asked for."""
    draw = np.random.default_rng(0)
    for full in (10**6, 150, 0):  # bytes that the disk takes
        file, twin = PatientFile(tmp_path / str(full)), io.BytesIO()
        file._file = Disk(file._file, full)
        for _ in range(200):
            place, data = int(draw.integers(0, 300)), draw.bytes(int(draw.integers(1, 60)))
            assert file.seek(place) == twin.seek(place)
            assert file.write(data) == twin.write(data)
            assert file.tell() == twin.tell()
            place, size = int(draw.integers(0, 400)), int(draw.integers(-1, 90))
            assert file.seek(place) == twin.seek(place)
            assert file.read(size) == twin.read(size)
        assert file.seek(0, io.SEEK_END) == twin.seek(0, io.SEEK_END)
        assert file.truncate(100) == twin.truncate(100)
        assert (file.seek(0), file.read()) == (twin.seek(0), twin.getvalue())
        if full < 10**6:
            with pytest.raises(OSError, match="No space left"):
                file.check()
        else:
            file.check()
            assert (tmp_path / str(full)).read_bytes() == twin.getvalue()
        file.close()


def test_an_unfinished_study_is_a_failure(small, tmp_path, fastsoftq):
    run(small(seeds=100), tmp_path, chunk=64, part=(1, 2))
    done = fastsoftq("export", tmp_path, "--to", "csv")
    assert (done.returncode, done.stdout) == (1, "")
    assert "not done: runs " in done.stderr
    assert not (tmp_path / "runs.csv").exists()


@pytest.mark.parametrize(("module", "to"), [("polars", "csv"), ("polars", "parquet"), ("h5netcdf", "netcdf")])
def test_without_what_writes_them_it_says_what_to_install(folder, tmp_path, module, to, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r"pip install 'fastsoftq\[export\]'"):
        export(open_results(folder), tmp_path / f"rows.{to}", to)
    assert list(tmp_path.iterdir()) == []
