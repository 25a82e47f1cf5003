"""Which source the caller gave: files, tables, queries, partitions, frames."""

from __future__ import annotations

import glob
import importlib.util
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from panelvar.base.errors import DataError, SpecificationError
from panelvar.chunks.chunks import CHUNK_ROWS, Chunks, FrameChunks, is_frame
from panelvar.chunks.read_once import ReadOnce


def open_chunks(data: Any) -> Chunks:
    """Return the chunks of what was given.

    Raises
    ------
    SpecificationError
        Something that is no source of chunks.
    DataError
        Files that are not there or cannot be read.
    ImportError
        Without pyarrow, for what it reads.
    """
    if isinstance(data, (str, os.PathLike)) or _are_paths(data):
        need_pyarrow("Parquet files")
        from panelvar.chunks.arrow_chunks import parquet_chunks

        return parquet_chunks(_files(data))
    library = type(data).__module__.partition(".")[0]
    if library.startswith("duckdb") or library == "_duckdb":
        need_pyarrow("relations of DuckDB")
        from panelvar.chunks.arrow_chunks import duckdb_chunks

        return duckdb_chunks(data)
    if library == "pyarrow":
        from panelvar.chunks.arrow_chunks import arrow_chunks

        found = arrow_chunks(data)
        if found is not None:
            return found if found.repeatable else ReadOnce(found)
    if library == "polars" and hasattr(data, "iter_slices"):
        return FrameChunks(lambda: data.iter_slices(CHUNK_ROWS), repeatable=True)
    if library == "polars" and hasattr(data, "collect"):
        return FrameChunks(lambda: _of_lazy_frame(data), repeatable=True)
    if library.startswith("dask") and hasattr(data, "to_delayed"):
        from panelvar.chunks.dask_chunks import DaskChunks

        return DaskChunks(data)
    if is_frame(data):
        return FrameChunks(lambda: [data], repeatable=True)
    if isinstance(data, Sequence) and data and all(map(_is_table, data)):
        return FrameChunks(lambda: data, repeatable=True)
    if callable(data):
        return FrameChunks(data, repeatable=True)
    if isinstance(data, Iterator):
        return ReadOnce(FrameChunks(lambda: data, repeatable=False))
    raise SpecificationError(
        "A stream is read from paths of Parquet files, a table, data set or reader of pyarrow, a relation of DuckDB, a "
        "frame of polars or Dask, a list of DataFrames, a function that returns an iterator of DataFrames, or such an "
        f"iterator; got {type(data).__name__}."
    )


def _are_paths(data: Any) -> bool:
    return isinstance(data, (list, tuple)) and bool(data) and all(isinstance(one, (str, os.PathLike)) for one in data)


def _is_table(data: Any) -> bool:
    return is_frame(data) or hasattr(data, "__arrow_c_stream__")


def _files(data: Any) -> list[str]:
    """Paths of files: those named, those that fit a pattern, those in a folder."""
    found: list[str] = []
    for one in data if _are_paths(data) else [data]:
        path = os.fspath(one)
        if os.path.isdir(path):
            inside = sorted(glob.glob(os.path.join(glob.escape(path), "**", "*.parquet"), recursive=True))
        elif os.path.exists(path):
            inside = [path]
        else:
            inside = sorted(glob.glob(path, recursive=True))
        if not inside:
            raise DataError(f"{path} is not there: give a Parquet file, a folder of such files, or a pattern.")
        found += inside
    return found


def _of_lazy_frame(data: Any) -> Iterable[Any]:
    """A query of polars a batch at a time where its version can, else at once."""
    batches = getattr(data, "collect_batches", None)
    return [data.collect()] if batches is None else batches(chunk_size=CHUNK_ROWS)


def need_pyarrow(what: str) -> None:
    """Say that something needs pyarrow, where it is not installed."""
    if importlib.util.find_spec("pyarrow") is None:
        raise ImportError(f"{what} need pyarrow: python -m pip install pyarrow.")
