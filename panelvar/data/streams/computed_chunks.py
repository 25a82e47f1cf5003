"""Chunks with columns that are computed of others: what formulas make of each row of a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.errors import DataError
from panelvar.data.chunks.chunks import in_place
from panelvar.data.chunks.read_once import ReadOnce
from panelvar.data.panel.panel import Panel
from panelvar.data.streams.entity_chunks import EntityChunk
from panelvar.data.streams.whole_entities import RowName
from panelvar.kernels.linear.columns import Column, FactorColumn

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.data.chunks.chunks import Chunk, Chunks

Compute = Callable[[Panel], Mapping[str, Column]]
"""Computes the columns of a model of rows that are in memory, in the order of the panel they make."""


class ComputedChunks:
    """Chunks of another source, and what is computed of their rows.

    Parameters
    ----------
    chunks : Chunks
    computed : sequence of str
        Names of the columns that are computed.
    needed : sequence of str
        Columns of the source that they are computed of.
    compute : callable
    """

    def __init__(self, chunks: Chunks, computed: Sequence[str], needed: Sequence[str], compute: Compute) -> None:
        self.chunks = chunks
        self.computed = tuple(name for name in computed if name not in chunks.names)
        self.needed = tuple(needed)
        self.compute = compute
        self.names = [*chunks.names, *self.computed]
        self.repeatable = chunks.repeatable

    def read(self, columns: Sequence[str]) -> Iterator[Chunk]:
        """Read columns of all rows, and compute those that must be."""
        stored = [name for name in columns if name not in self.computed]
        needed = self.needed if len(stored) < len(columns) else ()
        for chunk in self.chunks.read([*dict.fromkeys((*stored, *needed))]):
            yield ComputedChunk(chunk, self) if needed else chunk


class ComputedChunk:
    """A chunk of which columns are computed.

    Parameters
    ----------
    chunk : Chunk
        What the source has.
    source : ComputedChunks
    """

    def __init__(self, chunk: Chunk, source: ComputedChunks) -> None:
        self._chunk = chunk
        self._source = source
        self._columns: Mapping[str, Column] | None = None
        self.where = chunk.where
        self.n_rows = chunk.n_rows
        self.row, self.labels, self.frame = chunk.row, chunk.labels, chunk.frame

    @property
    def panel(self) -> Panel:
        """The rows as a panel (see `rows_of`)."""
        return rows_of(self._chunk)

    def numbers(self, name: str) -> Column:
        """Return a column as doubles, computed or not; those of a factor's levels are codes."""
        if name not in self._source.computed:
            return self._chunk.numbers(name)
        if self.n_rows == 0:
            return np.zeros(0)
        if self._columns is None:
            with place_of(self._chunk):
                self._columns = self._source.compute(self.panel)
        column = self._columns[name]
        return column if isinstance(column, FactorColumn) else np.ascontiguousarray(column, dtype=np.float64)


class RowsOfChunk(Panel):
    """Rows of a chunk, in their order, for what asks nothing of entities and periods.

    Parameters
    ----------
    chunk : Chunk
        With the columns that were read.
    """

    def __init__(self, chunk: Chunk) -> None:
        frame = chunk.frame()
        # Columns, not the frame, whose index would be a time.
        super().__init__({name: frame[name] for name in frame.columns})
        self._chunk = chunk

    @property
    def index(self) -> pd.Index:
        """Names of the rows, which say where they are read from: made when an error asks for them."""
        import pandas as pd

        return pd.Index([RowName(self._chunk.row(place)) for place in range(self.nobs)], dtype=object)


def rows_of(chunk: Chunk) -> Panel:
    """Return the rows of a chunk as a panel: of whole entities on the calendar, of others one after another."""
    return chunk.panel if isinstance(chunk, EntityChunk | ComputedChunk) else RowsOfChunk(chunk)


def place_of(chunk: Chunk) -> AbstractContextManager[None]:
    """Say in errors which chunk it is; whole entities may have come from several."""
    return nullcontext() if isinstance(chunk, EntityChunk) else in_place(chunk.where)


def first_chunk(chunks: Chunks) -> Chunk:
    """Return the first chunk that has a row, with all columns."""
    if isinstance(chunks, ReadOnce):
        found = chunks.first
    else:
        found = next((chunk for chunk in chunks.read(chunks.names) if chunk.n_rows), None)
    if found is None:
        raise DataError("The data have no rows; a panel needs at least one.")
    return found
