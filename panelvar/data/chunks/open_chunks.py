"""Which source the caller gave: files, tables, queries, partitions, frames."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from panelvar.core.base.errors import SpecificationError, not_installed
from panelvar.data.chunks.chunks import CHUNK_ROWS, Chunks, FrameChunks, is_frame
from panelvar.data.chunks.failures import SourceFunction, naming_source
from panelvar.data.chunks.files import Files, are_paths
from panelvar.data.chunks.read_once import ReadOnce


def open_chunks(data: Any) -> Chunks:
    """Return the chunks of what was given.

    Raises
    ------
    SpecificationError
        If it is not a source of chunks.
    DataError
        If files do not exist or cannot be read.
    ImportError
        If pyarrow is missing and would have to read the data.
    """
    if are_paths(data):
        need_pyarrow("Parquet files")
        from panelvar.data.chunks.arrow_chunks import parquet_chunks

        return parquet_chunks(Files(data).found)
    library = type(data).__module__.partition(".")[0]
    if library in ("duckdb", "_duckdb") and hasattr(data, "project"):
        need_pyarrow("Relations of DuckDB")
        from panelvar.data.chunks.arrow_chunks import duckdb_chunks

        return duckdb_chunks(data)
    if library == "pyarrow":
        from panelvar.data.chunks.arrow_chunks import arrow_chunks

        found = arrow_chunks(data)
        if found is not None:
            return found if found.repeatable else ReadOnce(found)
    if library == "polars" and hasattr(data, "iter_slices"):
        return FrameChunks(partial(data.iter_slices, CHUNK_ROWS), repeatable=True)
    if library == "polars" and hasattr(data, "collect"):
        return FrameChunks(SourceFunction(partial(_of_lazy_frame, data), "A query of polars"), repeatable=True)
    if library.startswith("dask") and hasattr(data, "to_delayed"):
        from panelvar.data.chunks.dask_chunks import DaskChunks

        return DaskChunks(data)
    if is_frame(data):
        return FrameChunks(partial(iter, [data]), repeatable=True)
    if isinstance(data, Sequence) and data and all(is_frame(one) or hasattr(one, "__arrow_c_stream__") for one in data):
        return FrameChunks(partial(iter, data), repeatable=True)
    if callable(data):
        return FrameChunks(SourceFunction(data, "A function that returns DataFrames"), repeatable=True)
    if isinstance(data, Iterator):
        return ReadOnce(FrameChunks(partial(iter, data), repeatable=False))
    if isinstance(data, Sequence) and not data:
        raise SpecificationError(f"The {type(data).__name__} of data is empty, so there is nothing to read.")
    raise SpecificationError(
        "A stream takes paths of Parquet files, a table, data set or reader of pyarrow, a relation of DuckDB, a "
        "frame of polars or Dask, a list of DataFrames, an iterator of DataFrames, or a function that returns such "
        f"an iterator; got {type(data).__name__}."
    )


def files_in(data: Any) -> Files | None:
    """Return the files that data are read from, None where they are not told."""
    if are_paths(data):
        return Files(data)
    # The files of a data set of pyarrow. Other file systems than the local one have paths of their own.
    files = getattr(data, "files", None)
    local = "Local" in type(getattr(data, "filesystem", None)).__name__
    return Files(files) if local and files else None


def _of_lazy_frame(data: Any) -> Iterator[Any]:
    """A query of polars a batch at a time where its version can, else at once."""
    from polars.exceptions import PolarsError

    with naming_source("The query of polars", PolarsError, OSError):
        batches = getattr(data, "collect_batches", None)
        yield from [data.collect()] if batches is None else batches(chunk_size=CHUNK_ROWS)


def need_pyarrow(what: str) -> None:
    """Say that something needs pyarrow, where it is not installed."""
    if importlib.util.find_spec("pyarrow") is None:
        raise ImportError(not_installed(f"{what} need", "pyarrow"))
