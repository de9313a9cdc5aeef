"""Export: results as one file that other programs read, written whole or not at all, some runs at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fastsoftq import checks
from fastsoftq.studies.exporting.export_arrays import write_netcdf, write_npz
from fastsoftq.studies.exporting.export_tables import write_csv, write_parquet
from fastsoftq.studies.exporting.tidy import Block, Tidy
from fastsoftq.system.atomic import atomic_file

if TYPE_CHECKING:
    from fastsoftq.studies.results import Results

__all__ = ["FORMATS", "check_target", "export"]

Writer = Callable[[Tidy, Path, Iterator[Block]], None]

FORMATS: dict[str, tuple[str, Writer]] = {
    "csv": (".csv", write_csv),
    "parquet": (".parquet", write_parquet),
    "npz": (".npz", write_npz),
    "netcdf": (".nc", write_netcdf),
}
"""The suffix of each kind of file, and what writes it."""

_BEGINNINGS = {"csv": b"environment,agent,algorithm,", "parquet": b"PAR1", "npz": b"PK", "netcdf": b"\x89HDF"}


def export(
    results: Results,
    out: str | Path,
    to: str,
    *,
    episodes: bool = False,
    watch: Callable[[int, int], None] | None = None,
) -> int:
    """Write results to one file, as a tidy table or as arrays.

    Parameters
    ----------
    results : Results
        All, or what `results.select` gives.
    out : str or Path
        The file. One of the same kind that is there is replaced, in one step.
    to : {"csv", "parquet", "npz", "netcdf"}
        A table, of the columns of `results.to_pandas`; the same columns as arrays of one length, for `numpy.load`; or
        arrays with the dimensions condition, seed and perhaps episode, for `xarray.open_dataset`, where runs and
        episodes that a condition does not have are NaN, or 0 in arrays of integers.
    episodes : bool
        A row for each condition, seed and episode, instead of each condition and seed.
    watch : callable of (int, int), optional
        Told how many rows are written, and of how many.

    Returns
    -------
    int
        The rows.

    Raises
    ------
    ValueError
        A format that is not known; a place where no such file can be put, or that has something of another kind.
    ImportError
        Without what writes such files, the extra `export`.
    DamagedError
        Chunks that are missing or damaged; nothing is written.
    OSError
        The file cannot be written; what was there is there still.

    Examples
    --------
    >>> import tempfile
    >>> import fastsoftq as fsq
    >>> from fastsoftq.studies import Study, open_results, run
    >>> hard = fsq.QLearning(step_size=0.8, discount=0.95)
    >>> study = Study(
    ...     name="small", episodes=5, seeds=10, environments={"cliff": fsq.cliff_walking()}, agents={"hard": hard}
    ... )
    >>> folder = tempfile.mkdtemp()
    >>> outcome = run(study, folder)
    >>> export(open_results(folder), f"{folder}/runs.npz", "npz")
    10
    """
    file = check_target(out, to)
    table = Tidy(results, checks.flag("episodes", episodes))
    rows = table.rows
    with atomic_file(file) as partial:
        FORMATS[to][1](table, partial, _watched(table, rows, watch))
    return rows


def check_target(out: str | Path, to: str) -> Path:
    """Refuse a place where a file of this kind cannot be put, before any work.

    Parameters
    ----------
    out : str or Path
    to : str
        As for `export`.

    Returns
    -------
    Path

    Raises
    ------
    TypeError
        No path.
    ValueError
        Unknown format, a folder, a folder that is not there, a name or contents of another kind.

    Examples
    --------
    >>> check_target("runs.parquet", "csv")
    Traceback (most recent call last):
    ValueError: out is 'runs.parquet'; its name says parquet, and csv is asked for
    """
    checks.choice("to", to, FORMATS)
    if not isinstance(out, str | Path) or not str(out).strip():
        raise TypeError(f"out is {checks.shown(out)}; it must be the path of a file")
    file = Path(out)
    other = [name for name, (suffix, _) in FORMATS.items() if file.suffix.lower() == suffix and name != to]
    if other:
        raise ValueError(f"out is '{file}'; its name says {other[0]}, and {to} is asked for")
    if not file.parent.is_dir():
        raise ValueError(f"out is '{file}'; there is no folder '{file.parent}'")
    if file.is_dir() or (file.exists() and not file.is_file()):
        raise ValueError(f"out is '{file}'; it is there and no file, and must be one")
    if file.is_file():
        expected = _BEGINNINGS[to]
        with file.open("rb") as there:
            begins = there.read(len(expected))
        if begins and begins != expected:
            raise ValueError(f"out is '{file}'; what is there is no {to} of results, and is not written over")
    return file


def _watched(table: Tidy, rows: int, watch: Callable[[int, int], None] | None) -> Iterator[Block]:
    """The blocks of a table, told of as they are taken."""
    done = 0
    for block in table.blocks():
        yield block
        done += block.size
        if watch is not None:
            watch(done, rows)
