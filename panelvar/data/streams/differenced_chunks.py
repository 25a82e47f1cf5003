"""First differences of the rows of a stream, a batch of whole entities at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.data.sources.source import Labels, labels_at
from panelvar.data.streams.computed_chunks import ComputedChunk, ComputedChunks
from panelvar.data.streams.entity_chunks import EntityChunk, EntityChunks
from panelvar.data.streams.survey import complete_rows
from panelvar.data.streams.whole_entities import WholeEntities
from panelvar.kernels.dynamics.gaps import lag_positions, previous_positions
from panelvar.kernels.linear.rows import column_norms

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.data.chunks.chunks import Chunk, Chunks, DatedChunks


class DifferencedChunks:
    """Rows less the complete rows of a model one period before, or just before; rows without such a one are left out.

    Parameters
    ----------
    chunks : EntityChunks or ComputedChunks
        Of whole entities.
    columns : tuple of str
        The model's, which are differenced.
    bridging : bool
        Whether a row is compared with the row before it whatever its period, else with that of the period before.
    weights : int, optional
        Which of the columns are analytic weights: a difference has the inverse of the sum of two variances.
    """

    repeatable = True

    def __init__(
        self, chunks: EntityChunks | ComputedChunks, columns: tuple[str, ...], bridging: bool, weights: int | None
    ) -> None:
        self._chunks = chunks
        self.columns = columns
        self.weights = None if weights is None else columns[weights]
        self._bridging = bridging
        self.names = list(chunks.names)

    def read(self, columns: Sequence[str]) -> Iterator[DifferencedChunk]:
        """Read columns of all rows that have a difference; those of the model are differenced."""
        for chunk in self._chunks.read([*dict.fromkeys((*self.columns, *columns))]):
            assert isinstance(chunk, EntityChunk | ComputedChunk)
            values = {name: chunk.numbers(name)[:] for name in self.columns}
            complete = complete_rows(list(values.values()))
            rows = np.arange(chunk.n_rows) if complete is None else np.flatnonzero(complete)
            codes, periods = chunk.panel.entity_codes[rows], chunk.panel.time_positions[rows]
            adjacent, before = lag_positions(codes, periods, 1), previous_positions(codes)
            gaps = int(((before >= 0) & (adjacent < 0)).sum())
            previous = before if self._bridging else adjacent
            used = np.flatnonzero(previous >= 0)
            yield DifferencedChunk(chunk, values, rows[used], rows[previous[used]], gaps, self.weights)


class DifferencedChunk:
    """Differences of the rows of whole entities.

    Parameters
    ----------
    chunk : Chunk
    values : dict of str to (n,) array
        The columns that are differenced.
    now, before : (m,) arrays
        Rows, and those that are subtracted from them.
    gaps : int
        Rows whose entity has one before them, and none in the period before.
    weights : str or None
        The column of weights.
    """

    where = "the data"

    def __init__(
        self,
        chunk: Chunk,
        values: dict[str, Array],
        now: Positions,
        before: Positions,
        gaps: int,
        weights: str | None,
    ) -> None:
        self._chunk = chunk
        self._weights = weights
        self._values = values
        self._now, self._before = now, before
        self.gaps = gaps
        self.n_rows = len(now)

    def row(self, place: int) -> str:
        """Name a row by where it was read."""
        return self._chunk.row(int(self._now[place]))

    def numbers(self, name: str) -> Array:
        """Return a column as doubles, one of the model as differences."""
        values = self._values.get(name)
        if values is None:
            return self._chunk.numbers(name)[:][self._now]
        if name == self._weights:
            return 1.0 / (1.0 / values[self._now] + 1.0 / values[self._before])
        return values[self._now] - values[self._before]

    def norms(self) -> Array:
        """Return the (weighted) norms of the model's columns before differences are taken."""
        weights = None if self._weights is None else self.numbers(self._weights)
        return column_norms([values[self._now] for values in self._values.values()], weights)

    def labels(self, name: str) -> Labels:
        """Return a column as labels."""
        return labels_at(self._chunk.labels(name), self._now)

    def frame(self) -> pd.DataFrame:
        """Return the columns that were read, as they are."""
        return self._chunk.frame().take(self._now)


def measure_differences(chunks: DifferencedChunks) -> tuple[int, int, Array]:
    """Count differences and gaps, and take the norms of the columns they are of, in a reading of all rows.

    Absorption is judged on the scale of the levels: what is constant in time leaves only rounding.
    """
    rows, gaps, norms, mass = 0, 0, np.zeros(len(chunks.columns)), 0.0
    for chunk in chunks.read(chunks.columns):
        rows += chunk.n_rows
        gaps += chunk.gaps
        norms = np.hypot(norms, chunk.norms())
        mass += chunk.n_rows if chunks.weights is None else float(chunk.numbers(chunks.weights).sum())
    # The norms are those with weights of mean one.
    return rows, gaps, norms / np.sqrt(mass / rows) if rows else norms


def read_whole_entities(chunks: Chunks, stream: DatedChunks) -> EntityChunks | ComputedChunks:
    """Return the same columns of whole entities, whatever rows they have been of."""
    if isinstance(chunks, ComputedChunks):
        whole = read_whole_entities(chunks.chunks, stream)
        return ComputedChunks(whole, chunks.computed, chunks.needed, chunks.compute)
    return chunks if isinstance(chunks, EntityChunks) else EntityChunks(WholeEntities(stream))
