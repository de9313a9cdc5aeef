"""Tidy tables as files of arrays: NumPy's npz, of columns, and netCDF, with dimensions and coordinates."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.studies.exporting.aside import aside
from fastsoftq.studies.exporting.frames import flat, labels
from fastsoftq.studies.exporting.patient_file import PatientFile
from fastsoftq.studies.exporting.tidy import Block, Tidy
from fastsoftq.studies.storing.zarr_files import step_labels

__all__ = ["write_netcdf", "write_npz"]

_COPIED = 2**22  # bytes at a time
_ROWS = 2**18  # of a column that holds one value for a condition, at a time
_COMPRESSION = {"compression": "gzip", "compression_opts": 4, "shuffle": True}


def write_npz(table: Tidy, file: Path, blocks: Iterator[Block]) -> None:
    """Write a table as an npz of its columns: numbers and truths of conditions as float64, texts as text.

    Parameters
    ----------
    table : Tidy
    file : Path
    blocks : iterator of Block
        The table's.

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
    >>> table = Tidy(open_results(folder))
    >>> write_npz(table, Path(folder, "runs.npz"), table.blocks())
    >>> np.load(Path(folder, "runs.npz"))["step_size"].shape
    (10,)
    """
    rows = [0] * len(table.runs)
    with ExitStack() as opened:  # closes each, even where that fails of another: the disk may be full
        spools = {name: opened.enter_context(tempfile.TemporaryFile(dir=file.parent)) for name in table.columns}
        for block in blocks:
            rows[block.place] += block.size
            for name, values in flat(table, block).items():
                spools[name].write(np.ascontiguousarray(values, table.columns[name]).data)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
            for name, of in table.coordinates.items():
                column = labels(of)
                with _member(archive, name, sum(rows), column.dtype) as member:
                    for place, count in enumerate(rows):
                        _repeated(member, column[place : place + 1], count)
            for name, dtype in table.columns.items():
                with _member(archive, name, sum(rows), dtype) as member:
                    spools[name].seek(0)
                    while part := spools[name].read(_COPIED):
                        member.write(part)


def write_netcdf(table: Tidy, file: Path, blocks: Iterator[Block]) -> None:
    """Write a table as netCDF 4: an array for each column, with the dimensions condition, seed and episode.

    Parameters
    ----------
    table : Tidy
    file : Path
    blocks : iterator of Block
        The table's.

    Raises
    ------
    ImportError
        Without xarray and h5netcdf.

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
    >>> table = Tidy(open_results(folder), episodes=True)
    >>> write_netcdf(table, Path(folder, "episodes.nc"), table.blocks())
    >>> import xarray
    >>> dict(xarray.open_dataset(Path(folder, "episodes.nc")).sizes)
    {'condition': 1, 'seed': 10, 'episode': 5}
    """
    try:
        import h5netcdf
        import h5py  # noqa: F401 - what h5netcdf writes with
        import xarray
    except ImportError as error:
        raise ImportError("netCDF needs xarray, h5netcdf and h5py: pip install 'fastsoftq[export]'") from error

    unit = table.results.axis.unit
    sizes = {"condition": len(table.runs), "seed": max(table.runs), unit: max(table.lengths)}
    dimensions = ("condition", *table.dimensions)
    coordinates: dict[str, Any] = {
        _without_slash(name): ("condition", labels(values)) for name, values in table.coordinates.items()
    }
    if "seed" in dimensions:
        start = np.uint64(table.results.record["seeds"]["start"])
        coordinates["seed"] = np.arange(sizes["seed"], dtype=np.uint64) + start
    if unit in dimensions:
        coordinates[unit] = np.arange(1, sizes[unit] + 1)
        if "steps" in table.columns:
            values, *along = step_labels(list(map(table.results.condition, table.results.conditions)))
            coordinates["steps"] = (along, values)
    attributes = {"study": table.results.name}
    beside = " ".join(name for name in coordinates if name not in dimensions)
    shape = tuple(sizes[dimension] for dimension in dimensions)

    def write(blocks: Iterator[Block]) -> None:
        with closing(PatientFile(file)) as patient:
            with h5netcdf.File(patient, "w") as opened:
                store = xarray.backends.H5NetCDFStore(opened)
                xarray.Dataset(coords=coordinates, attrs=attributes).dump_to_store(store)
                for name, dtype in table.columns.items():
                    if name not in (*table.dimensions, *coordinates):
                        stored = np.dtype(np.int8) if dtype == np.bool_ else dtype
                        # One among whole numbers would make floats of them.
                        fill = np.nan if dtype == np.float64 else None
                        variable = opened.create_variable(
                            _without_slash(name),
                            dimensions,
                            stored,
                            fillvalue=fill,
                            chunks=_chunk(shape),
                            **_COMPRESSION,
                        )
                        variable.attrs["coordinates"] = beside
                        if dtype == np.bool_:
                            variable.attrs["dtype"] = "bool"  # as xarray writes and reads truths
                for block in blocks:
                    patient.check()
                    for name, values in block.data.items():
                        first = block.first
                        ends = [first + size if place == 0 else size for place, size in enumerate(block.shape)]
                        part = (slice(first, ends[0]), *map(slice, ends[1:]))
                        opened.variables[_without_slash(name)][(block.place, *part)] = values
            patient.check()

    aside(write, blocks)  # HDF5 crashes where an exception comes as it reads or writes


def _member(archive: zipfile.ZipFile, name: str, rows: int, dtype: np.dtype[Any]) -> IO[bytes]:
    """A column of an npz, opened, its header written."""
    member = archive.open(f"{_without_slash(name)}.npy", "w", force_zip64=True)
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (rows,)}
    np.lib.format.write_array_header_2_0(member, header)
    return member


def _repeated(member: IO[bytes], value: NDArray[Any], count: int) -> None:
    part = np.repeat(value, min(count, _ROWS))
    for start in range(0, count, _ROWS):
        member.write(part[: count - start].tobytes())


def _chunk(shape: Sequence[int]) -> tuple[int, ...]:
    """The shape of what is compressed together: of one condition, about a million values at most."""
    last = min(shape[-1], 2**16)
    middle = [min(size, max(1, 2**18 // last)) for size in shape[1:-1]]
    return 1, *middle, last


def _without_slash(name: str) -> str:
    """A name as netCDF and zip files can have it: there a slash makes a group or a folder."""
    return name.replace("/", "|")
