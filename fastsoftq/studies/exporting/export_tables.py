"""Tidy tables as files of rows, CSV and Parquet, which Polars writes a block at a time."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastsoftq.studies.exporting.aside import aside
from fastsoftq.studies.exporting.frames import polars_frames
from fastsoftq.studies.exporting.tidy import Block, Tidy, kind_of, texts
from fastsoftq.system.csv_cells import plain_cell

__all__ = ["write_csv", "write_parquet"]

_OS_ERROR = re.compile(r"\(os error (\d+)\)")


def write_csv(table: Tidy, file: Path, blocks: Iterator[Block]) -> None:
    """Write a table as CSV; what is missing is empty, and text that would be a formula has an apostrophe before it.

    Parameters
    ----------
    table : Tidy
    file : Path
    blocks : iterator of Block
        The table's.

    Raises
    ------
    ImportError
        Without Polars.

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
    >>> write_csv(table, Path(folder, "runs.csv"), table.blocks())
    >>> len(Path(folder, "runs.csv").read_text().splitlines())
    11
    """
    schema, frames = polars_frames(table, blocks)
    import polars

    names = {name: plain_cell(name) for name in schema if plain_cell(name) != name}
    cells = {text for values in table.coordinates.values() if kind_of(values) == "text" for text in texts(values)}
    formulas = {text: plain_cell(text) for text in cells if text is not None and plain_cell(text) != text}
    with file.open("wb") as opened:
        for place, frame in enumerate(frames):
            # What is missing and what is no number are one in CSV, as readers take an empty field.
            written = frame.fill_nan(None).rename(names)
            if formulas:
                written = written.with_columns(polars.col(polars.String).replace(formulas))
            written.write_csv(opened, include_header=place == 0)


def write_parquet(table: Tidy, file: Path, blocks: Iterator[Block]) -> None:
    """Write a table as Parquet.

    Parameters
    ----------
    table : Tidy
    file : Path
    blocks : iterator of Block
        The table's.

    Raises
    ------
    ImportError
        Without Polars.

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
    >>> write_parquet(table, Path(folder, "runs.parquet"), table.blocks())
    >>> Path(folder, "runs.parquet").read_bytes()[:4]
    b'PAR1'
    """
    schema, frames = polars_frames(table, blocks)
    from polars.io.plugins import register_io_source

    failed: list[BaseException] = []

    def write(frames: Iterator[Any]) -> None:
        def source(*_: Any) -> Iterator[Any]:
            try:
                yield from frames
            except BaseException as error:
                failed.append(error)
                raise

        register_io_source(source, schema=schema).sink_parquet(file)

    try:
        aside(write, frames)
    except Exception as error:
        if failed:  # what went wrong, rather than what Polars says of it
            raise failed[0] from None
        if code := _OS_ERROR.search(str(error)):  # a full disk is an error of Polars' own
            raise OSError(int(code[1]), os.strerror(int(code[1]))) from None
        raise
