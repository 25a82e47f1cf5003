"""Streams whose entities' rows stand together, read as batches of whole entities: each one a `Panel`."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import DataError, SpecificationError
from panelvar.data.calendar.calendar import read_times
from panelvar.data.calendar.time_labels import as_text
from panelvar.data.chunks.chunks import CHUNK_ROWS
from panelvar.data.panel.dimensions import ONE_ROW
from panelvar.data.panel.panel import Panel
from panelvar.data.sources.source import Source, as_labels
from panelvar.data.streams.growing_labels import GrowingLabels, LabelCodes
from panelvar.data.streams.survey import SAME_VALUES, dimension_labels, values_changed

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.data.chunks.chunks import Chunk, DatedChunks


class WholeEntities:
    """The entities of a stream, in the order in which they come; the rows of each may be in any order.

    The first reading finds the calendar of all rows, and refuses an entity that comes again after another.

    Parameters
    ----------
    stream : PanelStream

    Attributes
    ----------
    nobs, n_entities : int
    labels : Index
        Of the entities, in the order in which they come.
    calendar : Calendar
        Of all rows.
    notes : tuple of Note
        How the labels were read, where it matters.

    Raises
    ------
    DataError
        If there are no rows, labels are missing or of several types, or rows of an entity come after those of others.
    SpecificationError
        If the data can be read only once.
    """

    def __init__(self, stream: DatedChunks) -> None:
        if not stream.repeatable:
            raise SpecificationError(
                "These data can be read only once, and this model reads them several times. Give a function that "
                "returns a new iterator at each call, or a path, table or query."
            )
        self.stream = stream
        self.entity_name, self.time_name = stream.entity_name, stream.time_name
        self._who, self._when = GrowingLabels(self.entity_name), GrowingLabels(self.time_name)
        self._sums: dict[Hashable, Array] = {}
        self.nobs, last = 0, -1
        runs: list[Positions] = []
        for chunk in self._chunks((self.entity_name, self.time_name)):
            known = self._who.count
            found = self._who.number(dimension_labels(chunk, self.entity_name, "entity"), chunk.where, new=True)
            self._when.number(dimension_labels(chunk, self.time_name, "time"), chunk.where, new=True)
            heads, own = _runs(found)
            begun = slice(int(own[0] == last), None)
            _refuse_again(chunk, self._who, heads[begun], own[begun], known)
            runs.append(own[begun])
            last = int(own[-1])
            self.nobs += chunk.n_rows
        if self.nobs == 0:
            raise DataError("The data have no rows; a panel needs at least one.")
        self._sequence: Positions = np.concatenate(runs)
        self.n_entities = len(self._sequence)
        self.labels: pd.Index = self._who.labels.take(self._sequence).rename(self.entity_name)
        labels = as_labels(self._when.labels)
        self._positions, self.calendar = read_times(labels, freq=stream.freq, name=self.time_name)
        self.notes = self.calendar.notes

    @property
    def names(self) -> list[str]:
        """Names of the columns, those of the entity and time left out."""
        return [name for name in self.stream.names if name not in (self.entity_name, self.time_name)]

    @property
    def order(self) -> Positions:
        """The permutation that puts the entities in the order of their labels."""
        rank = np.empty(self._who.count, dtype=np.intp)
        rank[self._who.order()] = np.arange(self._who.count)
        return np.argsort(rank[self._sequence], kind="stable").astype(np.intp)

    @property
    def positions_in_use(self) -> Positions:
        """Calendar positions of the periods that have a row, in any order."""
        return np.asarray(self._positions, dtype=np.intp)

    def panels(self, columns: Sequence[str], most: int | None = None) -> Iterator[PanelOfEntities]:
        """Read columns of all rows, as panels of entities one after another, on the calendar of all rows.

        Parameters
        ----------
        columns : sequence of str
        most : int, optional
            Entities of a panel; in any case no more than have a chunk's rows if they have one in every period in use.

        Raises
        ------
        DataError
            If the data have changed, or an entity has two rows of one period.
        """
        fits = max(1, CHUNK_ROWS // len(np.unique(self._positions)))
        most = fits if most is None else max(1, min(most, fits))
        wanted = [*dict.fromkeys((self.entity_name, self.time_name, *columns))]
        held: list[_Piece] = []
        sums: dict[Hashable, Array] = {}
        read = rows = 0
        for chunk in self._chunks(wanted):
            found = self._who.number(dimension_labels(chunk, self.entity_name, "entity"), chunk.where, new=False)
            heads, own = _runs(found)
            continued = int(read > 0 and own[0] == self._sequence[read - 1])
            expected = self._sequence[read - continued : read - continued + len(own)]
            if not np.array_equal(own, expected):
                raise _changed(chunk.where)
            lengths = np.diff(np.append(heads, chunk.n_rows))
            numbers = read - continued + np.repeat(np.arange(len(own)), lengths)
            when = self._when.number(dimension_labels(chunk, self.time_name, "time"), chunk.where, new=False)
            positions = self._positions[when.codes]
            piece = _Piece(chunk.frame()[wanted], numbers, positions, chunk, 0)
            _add_sums(sums, piece)
            read += len(own) - continued
            rows += chunk.n_rows
            # The last entity may go on in the next chunk.
            begun = int(heads[-1])
            if begun == 0 and continued:
                held.append(piece)
                continue
            if held or begun:
                yield from self._cut([*held, *([piece.part(0, begun)] if begun else [])], most)
            held = [piece.part(begun, chunk.n_rows)]
        if (read, rows) != (self.n_entities, self.nobs):
            raise _changed("the data")
        for name, (total, size) in sums.items():
            first, _ = self._sums.setdefault(name, np.array([total, size]))
            if abs(total - first) > SAME_VALUES * size:
                raise values_changed([str(name)])
        yield from self._cut(held, most)

    def _chunks(self, columns: Sequence[str]) -> Iterator[Chunk]:
        """Read the chunks that have a row."""
        return (chunk for chunk in self.stream.read(columns) if chunk.n_rows)

    def _cut(self, pieces: Sequence[_Piece], most: int) -> Iterator[PanelOfEntities]:
        """Make panels of so many entities of rows of whole entities."""
        import pandas as pd

        frames = [piece.frame for piece in pieces]
        frame = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
        numbers = np.concatenate([piece.numbers for piece in pieces])
        positions = np.concatenate([piece.positions for piece in pieces])
        first, last = int(numbers[0]), int(numbers[-1])
        bounds = np.searchsorted(numbers, [*range(first, last + 1, most), last + 1])
        for start, stop in pairwise(bounds.tolist()):
            part = slice(start, stop)
            yield PanelOfEntities(self, frame.iloc[part], numbers[part], positions[part], pieces, start)


class PanelOfEntities(Panel):
    """Some of the entities of a stream, with all of their rows, on the calendar of all rows of the stream.

    Attributes
    ----------
    first : int
        Number of its first entity, in the order in which they come.
    """

    def __init__(
        self,
        entities: WholeEntities,
        frame: pd.DataFrame,
        numbers: Positions,
        positions: NDArray[np.int64],
        pieces: Sequence[_Piece],
        start: int,
    ) -> None:
        self._pieces, self._start, self._sorted = pieces, start, None
        cells = numbers * entities.calendar.n_positions + positions
        order = None if (cells[1:] > cells[:-1]).all() else np.argsort(cells, kind="stable")
        if order is not None:
            again = np.flatnonzero(np.diff(cells[order]) == 0)
            if len(again):
                first, other = int(order[again[0]]), int(order[again[0] + 1])
                raise DataError(
                    f"Rows repeat an entity and period: {as_text(entities.labels[numbers[first]])}, "
                    f"{as_text(entities.calendar.labels_at(positions[first])[0])} ({self.row(first)} and "
                    f"{self.row(other)}). {ONE_ROW} If the same row stands there twice, drop one."
                )
            frame, numbers, positions = frame.iloc[order], numbers[order], positions[order]
        self._sorted = order
        self.first = int(numbers[0])
        self.nobs = len(numbers)
        self.n_entities = int(numbers[-1]) - self.first + 1
        self.order = None
        self.starts = np.searchsorted(numbers, np.arange(self.first, self.first + self.n_entities + 1))
        self.time_positions = positions
        self.calendar = entities.calendar
        self.entity_name, self.time_name = entities.entity_name, entities.time_name
        self.notes = entities.notes
        self._source = Source(frame)
        self._heads = np.arange(self.n_entities)
        self._lookup = entities.labels[self.first : self.first + self.n_entities]
        self._dimensions = {self.entity_name: None, self.time_name: None}
        self._added = {}
        self._last_lag = None

    @property
    def index(self) -> pd.Index:
        """Names of the rows, which say where they are read from: made when an error asks for them."""
        import pandas as pd

        return pd.Index([RowName(self.row(place)) for place in range(self.nobs)], dtype=object)

    def row(self, place: int) -> str:
        """Name a row by where it was read."""
        place = self._start + (place if self._sorted is None else int(self._sorted[place]))
        for piece in self._pieces:
            if place < len(piece.numbers):
                return piece.chunk.row(piece.first + place)
            place -= len(piece.numbers)
        raise IndexError(place)


class RowName(str):
    """The name of a row, which needs no quotes in a list."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self).removeprefix("row ")


class _Piece(NamedTuple):
    """Rows of a chunk: their numbers of entities, and which of the chunk's rows comes first."""

    frame: pd.DataFrame
    numbers: Positions
    positions: NDArray[np.int64]
    chunk: Chunk
    first: int

    def part(self, start: int, stop: int) -> _Piece:
        part = slice(start, stop)
        return _Piece(self.frame.iloc[part], self.numbers[part], self.positions[part], self.chunk, self.first + start)


def _add_sums(sums: dict[Hashable, Array], piece: _Piece) -> None:
    """Add sums over the rows, weighted by whose and when they are, of each column of numbers, and of its size."""
    weights = 1.0 + 0.5 * np.sin(piece.numbers + 1.7 * piece.positions)
    for name in piece.frame:
        column = piece.frame[name]
        if isinstance(column.dtype, np.dtype) and column.dtype.kind == "f":
            values = np.nan_to_num(column.to_numpy(), posinf=0.0, neginf=0.0)
            sums[name] = sums.get(name, np.zeros(2)) + np.array([weights @ values, weights @ np.abs(values)])


def _runs(found: LabelCodes) -> tuple[Positions, Positions]:
    """Where runs of rows of one entity begin, and whose they are."""
    rows: Any = found.codes
    heads = np.flatnonzero(np.concatenate(([True], rows[1:] != rows[:-1])))
    return heads, rows[heads]


def _refuse_again(chunk: Chunk, who: GrowingLabels, heads: Positions, runs: Positions, known: int) -> None:
    """Refuse runs of entities that have been met before, as all labels up to ``known`` have."""
    again = runs < known
    _, first = np.unique(runs, return_index=True)
    repeated = np.ones(len(runs), dtype=bool)
    repeated[first] = False
    again |= repeated
    if again.any():
        place = int(again.argmax())
        whose, where = as_text(who.labels[runs[place]]), chunk.row(int(heads[place]))
        raise DataError(
            f"{who.name} {whose} comes again in {where}, after another one. This model follows each entity through "
            f"time, so the rows of an entity must stand together. Sort the data by {who.name} when they are "
            "written, or in the query."
        )


def _changed(where: str) -> DataError:
    return DataError(
        f"The data have changed while a model was fitted: the rows of {where} are not those of the first reading."
    )
