"""The first reading of a stream: what there is in all rows that later readings need to know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from panelvar.base.arrays import Array, Mask, Positions
from panelvar.base.errors import DataError, InsufficientDataError, Note
from panelvar.data.calendar import Calendar, read_times
from panelvar.data.design import rows_dropped
from panelvar.data.source import as_labels, labels_at, missing
from panelvar.data.time_labels import as_text
from panelvar.kernels.groups import Grouping
from panelvar.kernels.qr import CrossProducts
from panelvar.kernels.rows import BLOCK_ROWS, TransformedRows
from panelvar.streams.dimensions import Dimension
from panelvar.streams.growing_labels import GrowingLabels, LocalCodes

if TYPE_CHECKING:
    from panelvar.data.source import Labels
    from panelvar.streams.chunks import Chunk, Chunks

_MOST_CELLS = 2**30
"""Pairs of an entity and a period up to which each has a byte that says whether it was met."""


@dataclass(frozen=True, eq=False)
class Survey:
    """What one reading of all rows found.

    Attributes
    ----------
    nobs_read, nobs : int
        Rows there are, and those that miss no value.
    entities, times : Dimension
    calendar : Calendar
        Of all rows.
    positions : (T,) array
        Calendar positions of the periods that have a row of the model.
    moved : (G, k + 1) array
        Sums by entity of the columns less the shift: those of the columns themselves lose the digits of the level.
    smallest, largest : (k + 1,) array
        Of each column.
    shift : (k + 1,) array
        Near the mean of each column.
    gram : (k + 1, k + 1) array
        Cross products of the columns less the shift.
    notes : tuple of Note
    """

    nobs_read: int
    nobs: int
    entities: Dimension
    times: Dimension
    calendar: Calendar
    positions: NDArray[np.int64]
    moved: Array
    smallest: Array
    largest: Array
    shift: Array
    gram: Array
    notes: tuple[Note, ...]

    @property
    def sums(self) -> Array:
        """Sums of the columns by entity, (G, k + 1)."""
        # An overflow is seen in the norms, and refused there.
        with np.errstate(over="ignore", invalid="ignore"):
            return self.moved + self.entities.sizes[:, None] * self.shift

    @property
    def complete(self) -> bool:
        """Whether no row misses a value."""
        return self.nobs == self.nobs_read


class Surveyor:
    """Takes in chunks and says what was found.

    Parameters
    ----------
    entity, time : str
        Columns that say who a row is about, and when.
    freq : int, str or None
        Spacing of the calendar.
    columns : tuple of str
        Regressors and, last, the dependent variable.
    missing_rows : {"drop", "raise"}
    """

    def __init__(
        self,
        entity: str,
        time: str,
        freq: int | str | None,
        columns: tuple[str, ...],
        missing_rows: str,
    ) -> None:
        self.freq = freq
        self.columns = columns
        self._missing = missing_rows
        self._entities = GrowingLabels(entity)
        self._times = GrowingLabels(time)
        self._of_entities = _Growing(len(columns) + 1)
        self._of_times = _Growing(1)
        self._met = _Met()
        self._absent = dict.fromkeys((columns[-1], *columns[:-1]), 0)
        self._first_absent: list[str] = []
        self._smallest = np.full(len(columns), np.inf)
        self._largest = np.full(len(columns), -np.inf)
        self._shift: Array | None = None
        self._gram = np.zeros((len(columns), len(columns)))
        self.nobs_read = self.nobs = 0

    def take(self, chunk: Chunk) -> None:
        """Take in a chunk."""
        who = dimension_labels(chunk, self._entities.name, "entity")
        when = dimension_labels(chunk, self._times.name, "time")
        entities = self._entities.add(who, chunk.where)
        times = self._times.add(when, chunk.where)
        self._met.add(entities.places[entities.codes], times.places[times.codes])
        columns = [chunk.numbers(name) for name in self.columns]
        complete = self._complete(chunk, columns)
        self.nobs_read += chunk.n_rows
        if complete is not None:
            columns = [column[complete] for column in columns]
            entities, times = (_some(codes, complete) for codes in (entities, times))
        self.nobs += len(columns[-1])
        if len(columns[-1]):
            own = np.arange(len(entities.places))
            grouping = Grouping(entities.codes, len(own), entities.starts)
            moved = self._moved(columns)
            parts = np.column_stack([grouping.sizes, *(grouping.sums(column) for column in moved)])
            self._of_entities.add(entities.places, parts, self._entities.count)
            counts = np.bincount(times.codes, minlength=len(times.places)).astype(np.float64)
            self._of_times.add(times.places, counts[:, None], self._times.count)
            self._multiply(moved)
            np.minimum(self._smallest, [column.min() for column in columns], out=self._smallest)
            np.maximum(self._largest, [column.max() for column in columns], out=self._largest)

    def merge(self, other: Surveyor) -> Surveyor:
        """Return what was found here and in the chunks that follow; an entity may have rows in both.

        Neither of the two changes: a merge whose worker is lost is made again of what is left of them.
        """
        both = deepcopy(self)
        both._take_in(other)
        return both

    def _take_in(self, other: Surveyor) -> None:
        entities, times = self._entities.merge(other._entities), self._times.merge(other._times)
        of_entities, gram = other._about(self._shift)
        self._shift = other._shift if self._shift is None else self._shift
        with np.errstate(over="ignore", invalid="ignore"):
            self._of_entities.add(entities, of_entities, self._entities.count)
            self._gram += gram
        self._of_times.add(times, other._of_times.table(len(times)), self._times.count)
        met_entities, met_times = other._met.cells()
        self._met.add(entities[met_entities], times[met_times])
        for name, count in other._absent.items():
            self._absent[name] += count
        self._first_absent += other._first_absent
        np.minimum(self._smallest, other._smallest, out=self._smallest)
        np.maximum(self._largest, other._largest, out=self._largest)
        self.nobs_read += other.nobs_read
        self.nobs += other.nobs

    def _about(self, shift: Array | None) -> tuple[Array, Array]:
        """Return rows and sums by entity, and cross products, of the columns less another shift."""
        of_entities = self._of_entities.table(self._entities.count)
        if shift is None or self._shift is None:
            return of_entities, self._gram
        with np.errstate(over="ignore", invalid="ignore"):
            step = self._shift - shift
            sums = of_entities[:, 1:].sum(axis=0)
            cross = np.outer(step, sums)
            of_entities[:, 1:] += of_entities[:, :1] * step
            return of_entities, self._gram + cross + cross.T + self.nobs * np.outer(step, step)

    def _moved(self, columns: Sequence[Array]) -> list[Array]:
        """Return columns less the means of the first chunk, which are near those of all rows."""
        # Out of range or not, the norms of the columns are judged later.
        with np.errstate(over="ignore", invalid="ignore"):
            if self._shift is None:
                self._shift = np.array([column.mean() for column in columns])
            return [column - shift for column, shift in zip(columns, self._shift, strict=True)]

    def _multiply(self, columns: Sequence[Array]) -> None:
        """Add the cross products of the rows of a chunk."""
        rows, products = TransformedRows(columns), CrossProducts(len(columns), BLOCK_ROWS)
        for start, stop in rows.block_bounds():
            rows.fill(start, stop, products.room(stop - start))
            products.update()
        with np.errstate(over="ignore", invalid="ignore"):
            self._gram += products.sum

    def _complete(self, chunk: Chunk, columns: Sequence[Array]) -> Mask | None:
        """Which rows miss no value, None where all do not; infinities are refused."""
        bad: Mask | None = None
        for name, column in zip(self.columns, columns, strict=True):
            # A sum is finite unless something in the column is not, or the sum itself overflows: one cheap pass.
            with np.errstate(over="ignore", invalid="ignore"):
                if np.isfinite(column.sum()):
                    continue
            infinite = np.isinf(column)
            if infinite.any():
                raise DataError(
                    f"Column {name!r} is infinite in {int(infinite.sum())} of the rows of {chunk.where}, first in "
                    f"{chunk.row(int(infinite.argmax()))}. Remove these values or set them missing."
                )
            absent = np.isnan(column)
            if absent.any():
                self._absent[name] += int(absent.sum())
                bad = absent if bad is None else bad | absent
        if bad is None:
            return None
        if self._missing == "raise":
            self._first_absent += [chunk.row(int(row)) for row in np.flatnonzero(bad)[:3]]
        return ~bad

    def done(self, chunks: Chunks) -> Survey:
        """Put together what was found in all chunks.

        Raises
        ------
        DataError
            No row at all, two rows of one entity and period, or, with ``missing="raise"``, a missing value.
        InsufficientDataError
            No complete row.
        """
        if self.nobs_read == 0:
            raise DataError("The data have no rows; a panel needs at least one.")
        if self._met.pairs() < self.nobs_read:
            self._refuse_repeated(chunks)
        labels = self._times.labels
        positions, calendar = read_times(as_labels(labels), freq=self.freq, name=self._times.name)
        notes = list(calendar.notes)
        dropped = self.nobs_read - self.nobs
        counts = [(name, count) for name, count in self._absent.items() if count]
        if dropped and self._missing == "raise":
            listing = ", ".join(f"{name} ({count})" for name, count in counts)
            raise DataError(
                f"There are missing values in {dropped} of {self.nobs_read} rows, first in "
                f"{', '.join(self._first_absent[:3])}: {listing}. missing='drop' leaves them out."
            )
        if dropped:
            notes.append(rows_dropped(dropped, self.nobs_read, counts))
        if self.nobs == 0:
            raise InsufficientDataError(
                f"No complete row is left for {self.columns[-1]!r} on {', '.join(self.columns[:-1]) or 'a constant'}: "
                f"every one of the {self.nobs_read} rows misses a value."
            )
        of_entities = self._of_entities.table(self._entities.count)
        of_times = self._of_times.table(self._times.count)
        entities = Dimension(self._entities.name, self._entities, of_entities[:, 0].astype(np.int64))
        counted = of_times[:, 0].astype(np.int64)
        times = Dimension(self._times.name, self._times, counted)
        return Survey(
            self.nobs_read,
            self.nobs,
            entities,
            times,
            calendar,
            np.sort(positions[counted > 0]).astype(np.int64),
            entities.in_order(of_entities[:, 1:]),
            self._smallest,
            self._largest,
            np.zeros(len(self.columns)) if self._shift is None else self._shift,
            self._gram,
            tuple(notes),
        )

    def _refuse_repeated(self, chunks: Chunks) -> None:
        """Read the data again to say which rows repeat an entity and period."""
        met: dict[tuple[int, int], str] = {}
        names = (self._entities.name, self._times.name)
        repeated = self.nobs_read - self._met.pairs()
        what = f"{repeated} row(s) repeat an entity and period"
        advice = "Every entity may have one row a period; aggregate or drop the others."
        if not chunks.repeatable:
            raise DataError(f"{what}. {advice}")
        for chunk in chunks.read(names):
            who, when = (
                labels.find(chunk.labels(name), chunk.where)
                for labels, name in zip((self._entities, self._times), names, strict=True)
            )
            pairs = zip(who.places[who.codes].tolist(), when.places[when.codes].tolist(), strict=True)
            for row, pair in enumerate(pairs):
                if pair in met:
                    one = (self._entities.labels[pair[0]], as_text(self._times.labels[pair[1]]))
                    raise DataError(
                        f"{what}, the first {one[0]}, {one[1]} ({met[pair]} and {chunk.row(row)}). {advice}"
                    )
                met[pair] = chunk.row(row)


def _some(codes: LocalCodes, rows: Mask) -> LocalCodes:
    """Codes of some rows; a label may be left without a row."""
    return LocalCodes(codes.codes[rows], codes.places, None)


class _Growing:
    """A table with a row for each label, of which there are more and more."""

    def __init__(self, columns: int) -> None:
        self._table = np.zeros((1024, columns))

    def add(self, places: Positions, values: Array, count: int) -> None:
        """Add values to rows, no row twice."""
        if count > len(self._table):
            grown = np.zeros((max(count, 2 * len(self._table)), self._table.shape[1]))
            grown[: len(self._table)] = self._table
            self._table = grown
        self._table[places] += values

    def table(self, count: int) -> Array:
        """Return the rows there are."""
        out = np.zeros((count, self._table.shape[1]))
        out[: min(count, len(self._table))] = self._table[:count]
        return out


class _Met:
    """Which pairs of an entity and a period have been met."""

    def __init__(self) -> None:
        self._grid = np.zeros((1024, 16), dtype=np.bool_)
        self._cells: list[NDArray[np.int64]] = []

    def add(self, entities: Positions, times: Positions) -> None:
        """Meet pairs."""
        if len(entities) == 0:
            return
        rows, columns = (
            size if most < size else max(2 * size, most + 1)
            for size, most in zip(self._grid.shape, (int(entities.max()), int(times.max())), strict=True)
        )
        if rows * columns > _MOST_CELLS:
            # Entities that share few periods: the pairs themselves take less room than the grid.
            self._cells.append((entities.astype(np.int64) << 32) | times)
            return
        if (rows, columns) != self._grid.shape:
            grown = np.zeros((rows, columns), dtype=np.bool_)
            grown[: self._grid.shape[0], : self._grid.shape[1]] = self._grid
            self._grid = grown
        self._grid.reshape(-1)[entities * columns + times] = True

    def pairs(self) -> int:
        """Number of different pairs."""
        return len(self._listed()) if self._cells else int(np.count_nonzero(self._grid))

    def cells(self) -> tuple[Positions, Positions]:
        """Return the entity and the period of each pair."""
        if not self._cells:
            entities, times = np.nonzero(self._grid)
            return entities, times
        listed = self._listed()
        return listed >> 32, listed & (2**32 - 1)

    def _listed(self) -> NDArray[np.int64]:
        """Return the different pairs, each as a number."""
        entities, times = np.nonzero(self._grid)
        return np.unique(np.concatenate([(entities.astype(np.int64) << 32) | times, *self._cells]))


def dimension_labels(chunk: Chunk, name: str, what: str) -> Labels:
    """Return who the rows of a chunk are about, or when, of which none may be missing."""
    labels = chunk.labels(name)
    absent = missing(labels)
    if absent is not None and absent.any():
        raise DataError(
            f"Column {name!r} ({what}) is missing in {int(absent.sum())} of the rows of {chunk.where}, first in "
            f"{chunk.row(int(absent.argmax()))}. Drop these rows or fill in their {what}."
        )
    return labels


def survey_of(chunks: Chunks, begin: Callable[[], Surveyor], read: Sequence[str]) -> Surveyor:
    """Take in all chunks, of which columns are read."""
    surveyor = begin()
    for chunk in chunks.read(read):
        surveyor.take(chunk)
    return surveyor


def complete_rows(columns: Sequence[Array]) -> Mask | None:
    """Return which rows of a chunk that was surveyed miss no value, None where all do not."""
    bad: Mask | None = None
    for column in columns:
        absent = np.isnan(column)
        if absent.any():
            bad = absent if bad is None else bad | absent
    return None if bad is None else ~bad


def labels_of_rows(labels: Labels, rows: Mask | None) -> Labels:
    """Return the labels of the rows that are complete."""
    return labels if rows is None else labels_at(labels, np.flatnonzero(rows))
