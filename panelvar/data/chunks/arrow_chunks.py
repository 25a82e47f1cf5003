"""Chunks of what pyarrow reads: Parquet files, data sets, tables and readers of record batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import DataError
from panelvar.core.base.quoting import shown
from panelvar.data.chunks.chunks import CHUNK_ROWS, in_place
from panelvar.data.chunks.failures import SourceFunction, naming_source, reason
from panelvar.data.sources.source import Coded, Labels, as_floats, as_labels

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ArrowChunk:
    """A record batch.

    Attributes
    ----------
    batch : pyarrow.RecordBatch
    where : str
        What its rows are rows of.
    first : int
        Number of its first row there.
    """

    batch: Any
    where: str
    first: int

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.batch.num_rows)

    def row(self, place: int) -> str:
        """Name a row by its number, from zero."""
        return f"row {self.first + place} of {self.where}"

    def numbers(self, name: str) -> Array:
        """Return a column as doubles, the same memory where it is doubles without missing values."""
        from pyarrow import types

        column = self.batch.column(name)
        kind = column.type
        if types.is_decimal(kind):
            column = column.cast("float64")
        elif not (types.is_floating(kind) or types.is_integer(kind) or types.is_boolean(kind) or types.is_null(kind)):
            # Refused there, with what to do.
            with in_place(self.where):
                return as_floats(as_labels(column.slice(0, 0).to_pandas()), name)  # type: ignore[arg-type]
        if types.is_boolean(kind) and column.null_count:
            column = column.cast("int8")
        return np.ascontiguousarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)

    def labels(self, name: str) -> Labels:
        """Return a column as labels: numbers and dates as they are, texts by number."""
        import pandas as pd
        from pyarrow import types

        column = self.batch.column(name)
        kind = column.type
        if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
            column = column.cast("large_string").dictionary_encode()
            kind = column.type
        if types.is_dictionary(kind):
            codes = column.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.intp)
            labels = pd.Index(column.dictionary.to_pandas())
            if not labels.is_unique or labels.hasnans:
                # A label may stand in a dictionary twice, such as 0 and -0, or be missing there.
                places, labels = pd.factorize(labels)
                codes = np.append(places, -1)[codes]
            return Coded(codes, labels, bool(kind.ordered), bool(kind.ordered))
        if types.is_nested(kind):
            raise DataError(
                f"Column {shown(name)} has Arrow's type {kind}, which holds neither numbers nor labels. Leave the "
                "column out, or convert it first."
            )
        if types.is_integer(kind):
            if column.null_count == 0:
                return column.to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]
            absent = column.is_null().to_numpy(zero_copy_only=False)
            return pd.arrays.IntegerArray(column.fill_null(0).to_numpy(zero_copy_only=False).copy(), absent)
        if types.is_date(kind):
            column = column.cast("timestamp[s]") if types.is_date32(kind) else column.cast("timestamp[ms]")
        return as_labels(column.to_pandas())

    def frame(self) -> pd.DataFrame:
        """Return the columns that were read."""
        import pandas as pd
        from pandas.api.types import union_categoricals
        from pyarrow import types

        names = self.batch.schema.names
        coded = {name for name in names if types.is_dictionary(self.batch.schema.field(name).type)}
        # Columns that hold an index of pandas are columns here.
        frame = self.batch.select([name for name in names if name not in coded]).to_pandas(ignore_metadata=True)
        for place, name in enumerate(names):
            if name in coded:
                codes, labels, ordered, _ = self.labels(name)
                values = pd.Categorical.from_codes(codes, labels, ordered=ordered)
                # The order of a dictionary is that in which its labels came, unless somebody says so.
                frame.insert(place, name, values if ordered else union_categoricals([values], sort_categories=True))
        return frame  # type: ignore[no-any-return]


class ArrowChunks:
    """Record batches of a source that is asked for columns by name.

    Parameters
    ----------
    names : sequence of str
    batches : callable
        Returns pairs of a batch and what it is of, given names of columns.
    repeatable : bool
    """

    def __init__(
        self, names: Sequence[str], batches: Callable[[list[str]], Iterable[tuple[Any, str]]], repeatable: bool
    ) -> None:
        self.names = list(names)
        self._batches = batches
        self.repeatable = repeatable

    def read(self, columns: Sequence[str]) -> Iterator[ArrowChunk]:
        """Read columns of all batches."""
        first, before = 0, ""
        for batch, where in self._batches(list(columns)):
            first = first if where == before else 0
            before = where
            for start in range(0, batch.num_rows, CHUNK_ROWS):
                piece = batch.slice(start, CHUNK_ROWS)
                yield ArrowChunk(piece, where, first + start)
            first += batch.num_rows


def parquet_chunks(paths: Sequence[str]) -> ArrowChunks:
    """Chunks of Parquet files, in the order of their paths.

    Raises
    ------
    DataError
        If a file cannot be read, or its columns are not those of the first.
    """
    names = _open(paths[0]).schema_arrow.names
    return ArrowChunks(names, partial(_of_files, {path: _state(path) for path in paths}), repeatable=True)


def _of_files(states: dict[str, tuple[int, int]], columns: list[str]) -> Iterator[tuple[Any, str]]:
    """Read files that are in the state in which they were."""
    import pyarrow

    for path, state in states.items():
        file = _open(path)
        absent = [name for name in columns if name not in file.schema_arrow.names]
        if absent:
            raise DataError(f"Column {absent[0]!r} is missing in {path}, whose columns are {file.schema_arrow.names}.")
        if _state(path) != state:
            raise DataError(
                f"{path} has changed since it was first read. Make a new PanelStream and fit the model again."
            )
        # Memory does not grow with the file, because it is not read ahead and not mapped into the address space.
        rows = _even_rows(file.metadata)
        with naming_source(path, OSError, pyarrow.ArrowException):
            for batch in file.iter_batches(batch_size=rows, columns=columns, use_threads=False):
                yield batch, path


def _even_rows(file: Any) -> int:
    """Rows of a chunk of a file: parts of its groups of rows as they are, since those of two must be put together."""
    largest = max((file.row_group(place).num_rows for place in range(file.num_row_groups)), default=0)
    if 2 * largest < CHUNK_ROWS:
        return CHUNK_ROWS
    parts = -(-largest // CHUNK_ROWS)
    return -(-largest // parts)


def _open(path: str) -> Any:
    import pyarrow
    from pyarrow import parquet

    try:
        return parquet.ParquetFile(path, pre_buffer=False)
    except FileNotFoundError:
        raise DataError(f"{path} is not there any more.") from None
    except (OSError, pyarrow.ArrowException) as error:
        raise DataError(f"{path} cannot be read as a Parquet file: {reason(error)}") from None


def _state(path: str) -> tuple[int, int]:
    """What changes when a file is written again."""
    import os

    state = os.stat(path)
    return state.st_size, state.st_mtime_ns


def arrow_chunks(data: Any) -> ArrowChunks | None:
    """Chunks of a table, a data set or a reader of pyarrow, None for anything else."""
    import pyarrow
    from pyarrow import dataset

    if isinstance(data, dataset.Dataset):
        return ArrowChunks(data.schema.names, partial(_of_dataset, data), True)
    if isinstance(data, (pyarrow.Table, pyarrow.RecordBatch)):
        table = pyarrow.Table.from_batches([data]) if isinstance(data, pyarrow.RecordBatch) else data
        return ArrowChunks(table.schema.names, partial(_of_table, table), True)
    if isinstance(data, pyarrow.RecordBatchReader):
        return ArrowChunks(data.schema.names, partial(_of_reader, data), False)
    return None


def _of_dataset(data: Any, names: list[str]) -> Iterator[tuple[Any, str]]:
    import pyarrow

    for fragment in data.get_fragments():
        where = getattr(fragment, "path", "the data set")
        options = {"columns": names, "batch_size": CHUNK_ROWS, "use_threads": False}
        with naming_source(where, OSError, pyarrow.ArrowException):
            for batch in fragment.to_batches(schema=data.schema, **options):
                yield batch, where


def _of_table(table: Any, names: list[str]) -> Iterator[tuple[Any, str]]:
    for batch in table.select(names).to_batches(CHUNK_ROWS):
        yield batch, "the table"


def _of_reader(reader: Any, names: list[str]) -> Iterator[tuple[Any, str]]:
    import pyarrow

    with naming_source("The stream", OSError, pyarrow.ArrowException):
        for batch in reader:
            yield batch.select(names), "the stream"


def duckdb_chunks(relation: Any) -> ArrowChunks:
    """Chunks of a relation of DuckDB, whose query runs once a reading."""
    import pyarrow
    from duckdb import Error

    def batches(columns: list[str]) -> Iterator[tuple[Any, str]]:
        quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in columns)
        # Some versions hand errors of a query that is under way on as those of Arrow or of the system.
        with naming_source("The query of DuckDB", Error, OSError, pyarrow.ArrowException):
            chosen = relation.project(quoted)
            reader = getattr(chosen, "to_arrow_reader", None) or chosen.fetch_arrow_reader
            for batch in reader(CHUNK_ROWS):
                yield batch, "the query"

    with naming_source("The query of DuckDB", Error):
        names = list(relation.columns)
    return ArrowChunks(names, SourceFunction(batches, "A relation of DuckDB"), repeatable=True)
