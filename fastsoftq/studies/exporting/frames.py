"""Tidy tables as data frames of pandas and of Polars, and coordinates as arrays."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.studies.exporting.tidy import Block, Tidy, kind_of, texts
from fastsoftq.studies.origins import Value
from fastsoftq.system.memory import check_memory

if TYPE_CHECKING:
    import pandas
    import polars

__all__ = ["flat", "labels", "pandas_frame", "polars_frame", "polars_frames"]

_BYTES = 16  # of an entry of a frame, about


def labels(values: Sequence[Value]) -> NDArray[Any]:
    """A column's values as an array: numbers and truths as float64, NaN for None; texts as text, "" for None.

    Parameters
    ----------
    values : sequence of Value

    Returns
    -------
    ndarray of float64 or str, shape [len(values)]

    Examples
    --------
    >>> labels([1, None]), labels(["greedy", None])
    (array([ 1., nan]), array(['greedy', ''], dtype='<U6'))
    """
    if kind_of(values) == "text":
        return np.array([value or "" for value in texts(values)], str)
    return np.array([np.nan if value is None else float(value) for value in values])


def polars_frames(
    table: Tidy, blocks: Iterator[Block] | None = None
) -> tuple[dict[str, Any], Iterator[polars.DataFrame]]:
    """A table as frames of Polars, one for each of its blocks.

    Parameters
    ----------
    table : Tidy
    blocks : iterator of Block, optional
        Its blocks, where somebody counts them.

    Returns
    -------
    dict
        The type of each column, in their order.
    iterator of polars.DataFrame

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
    >>> schema, frames = polars_frames(Tidy(open_results(folder)))
    >>> schema["step_size"], [frame.height for frame in frames]
    (Float64, [10])
    """
    try:
        import polars
    except ImportError as error:
        raise ImportError("CSV, Parquet and frames of Polars need Polars: pip install 'fastsoftq[export]'") from error
    types: dict[str, Any] = {
        "truth": polars.Boolean,
        "integer": polars.Int64,
        "number": polars.Float64,
        "text": polars.String,
    }
    known = {name: kind_of(values) for name, values in table.coordinates.items()}
    plain = {np.dtype(np.float64): polars.Float64, np.dtype(np.int64): polars.Int64, np.dtype(np.int32): polars.Int32}
    plain |= {np.dtype(np.uint64): polars.UInt64, np.dtype(np.bool_): polars.Boolean}
    schema = {name: types[kind] for name, kind in known.items()}
    schema |= {name: plain[dtype] for name, dtype in table.columns.items()}
    values = {name: texts(of) if known[name] == "text" else of for name, of in table.coordinates.items()}

    def frame(block: Block) -> polars.DataFrame:
        rows = block.size
        columns: dict[str, Any] = {
            name: polars.repeat(of[block.place], rows, dtype=schema[name], eager=True) for name, of in values.items()
        }
        columns |= {name: polars.Series(rows_of, dtype=schema[name]) for name, rows_of in flat(table, block).items()}
        return polars.DataFrame(columns)

    return schema, map(frame, table.blocks() if blocks is None else blocks)


def polars_frame(table: Tidy) -> polars.DataFrame:
    """A table as one frame of Polars.

    Parameters
    ----------
    table : Tidy

    Returns
    -------
    polars.DataFrame

    Raises
    ------
    ImportError
        Without Polars.
    TooLargeError
        It does not fit in memory.

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
    >>> polars_frame(Tidy(open_results(folder), episodes=True)).height
    50
    """
    _check_memory(table)
    schema, frames = polars_frames(table)
    import polars

    return polars.concat([polars.DataFrame(schema=schema), *frames], rechunk=True)


def pandas_frame(table: Tidy) -> pandas.DataFrame:
    """A table as one frame of pandas.

    Parameters
    ----------
    table : Tidy

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    ImportError
        Without pandas.
    TooLargeError
        It does not fit in memory.

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
    >>> pandas_frame(Tidy(open_results(folder), episodes=True)).shape[0]
    50
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError("a table of pandas needs pandas: pip install 'fastsoftq[export]'") from error
    _check_memory(table)
    rows = np.zeros(len(table.runs), np.int64)
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in table.columns}
    for block in table.blocks():
        rows[block.place] += block.size
        for name, values in flat(table, block).items():
            parts[name].append(values)
    columns: dict[str, Any] = {}
    for name, of in table.coordinates.items():
        columns[name] = pandas.Series(*_for_pandas(of)).repeat(rows).reset_index(drop=True)
    columns |= {name: np.concatenate(part) for name, part in parts.items()}
    return pandas.DataFrame(columns)


def _for_pandas(values: Sequence[Value]) -> tuple[list[Any], None, str | None]:
    """A column's values, no index, and the type that has a place for what is missing, if anything is."""
    kind, missing = kind_of(values), None in values
    if kind == "text":
        return texts(values), None, None
    types = {"truth": ("bool", "boolean"), "integer": ("int64", "Int64"), "number": ("float64", "float64")}
    return [*values], None, types[kind][missing]


def flat(table: Tidy, block: Block) -> dict[str, NDArray[Any]]:
    """The columns of a block that differ from row to row, as arrays of rows.

    Parameters
    ----------
    table : Tidy
    block : Block
        One of its blocks.

    Returns
    -------
    dict of str to ndarray, shape [rows]

    Examples
    --------
    >>> import tempfile
    >>> import fastsoftq as fsq
    >>> from fastsoftq.studies import Study, open_results, run
    >>> hard = fsq.QLearning(step_size=0.8, discount=0.95)
    >>> study = Study(
    ...     name="small", episodes=2, seeds=2, environments={"cliff": fsq.cliff_walking()}, agents={"hard": hard}
    ... )
    >>> folder = tempfile.mkdtemp()
    >>> outcome = run(study, folder)
    >>> table = Tidy(open_results(folder), episodes=True)
    >>> [flat(table, block)["episode"].tolist() for block in table.blocks()]
    [[1, 2, 1, 2]]
    """
    shape = block.shape
    told = {name: np.broadcast_to(values, shape) for name, values in table.labels(block).items()}
    return {name: np.ravel(values) for name, values in itertools.chain(told.items(), block.data.items())}


def _check_memory(table: Tidy) -> None:
    columns = len(table.coordinates) + len(table.columns)
    what = f"a table of {table.rows:,} rows and {columns} columns"
    check_memory(what, table.rows * columns * _BYTES, "select fewer conditions, or export it to a file")
