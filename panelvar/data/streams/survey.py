"""The first reading of a stream: what there is in all rows that later readings need to know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.counting import count_of, grouped
from panelvar.core.base.errors import DataError, InsufficientDataError, Note
from panelvar.core.base.quoting import shown
from panelvar.data.calendar.calendar import Calendar, read_times
from panelvar.data.calendar.time_labels import as_text
from panelvar.data.formulas.design import rows_dropped
from panelvar.data.panel.dimensions import ONE_ROW
from panelvar.data.sources.source import as_labels, labels_at, missing
from panelvar.data.streams.dimensions import Dimension
from panelvar.data.streams.growing_labels import GrowingLabels, LabelCodes
from panelvar.data.streams.growing_tables import GrowingTable, PairsMet
from panelvar.data.streams.scattered_rows import add_by_level
from panelvar.kernels.absorption.factor_rows import FactorRows
from panelvar.kernels.linear.columns import Column, FactorColumn, changed, factors_of, less
from panelvar.kernels.linear.qr import CrossProducts
from panelvar.kernels.linear.rows import BLOCK_ROWS, TransformedRows

if TYPE_CHECKING:
    from panelvar.data.chunks.chunks import Chunk, Chunks
    from panelvar.data.sources.source import Labels


SAME_VALUES = 1e-8
"""How far sums over the rows may differ between readings, relative to their size: a database adds in any order."""


def values_changed(names: Sequence[str]) -> DataError:
    """Make the error for columns whose values are not those of the first reading."""
    do = "does" if len(names) == 1 else "do"
    return DataError(
        f"The data have changed while a model was fitted: {', '.join(map(shown, names))} {do} not have the values of "
        "the first reading. A function that makes the data must make the same each time it is called."
    )


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
    by_entity : (labels, k + 2) array
        Rows of each entity, and sums of the columns less the shift: those of the columns themselves lose the digits of
        the level. In the order in which labels came: a table of many entities is not put into another beside it.
    smallest, largest : (k + 1,) array
        Of each column.
    shift : (k + 1,) array
        Near the mean of each column.
    gram : (k + 1, k + 1) array
        Cross products of the columns less the shift.
    by_levels : bool
        Whether there are columns of levels, and the shift of these is zero, so that products of them are counts.
    notes : tuple of Note
    """

    nobs_read: int
    nobs: int
    entities: Dimension
    times: Dimension
    calendar: Calendar
    positions: NDArray[np.int64]
    by_entity: Array
    smallest: Array
    largest: Array
    shift: Array
    gram: Array
    by_levels: bool
    notes: tuple[Note, ...]

    def moved(self, entities: slice) -> Array:
        """Return the sums of the columns less the shift over each of some entities, (m, k + 1)."""
        return self.entities.in_order(self.by_entity, entities)[:, 1:]

    def sums_of(self, moved: Array, entities: slice, loadings: Array | None = None) -> Array:
        """Return the sums of the columns, or of combinations of them, where they are moved so far, (m, k + 1)."""
        # An overflow is seen in the norms, and refused there.
        with np.errstate(over="ignore", invalid="ignore"):
            sums: Array = self.entities.sizes[entities, None] * self.shift
            sums += moved
            return sums if loadings is None else sums @ loadings

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
        self._of_entities = GrowingTable(len(columns) + 1)
        self._of_times = GrowingTable(1)
        self._met = PairsMet()
        self._absent = dict.fromkeys((columns[-1], *columns[:-1]), 0)
        self._first_absent: list[str] = []
        self._smallest = np.full(len(columns), np.inf)
        self._largest = np.full(len(columns), -np.inf)
        self._shift: Array | None = None
        self._gram = np.zeros((len(columns), len(columns)))
        self._by_levels = True
        self.nobs_read = self.nobs = 0

    def take(self, chunk: Chunk) -> None:
        """Take in a chunk."""
        who = dimension_labels(chunk, self._entities.name, "entity")
        when = dimension_labels(chunk, self._times.name, "time")
        entities = self._entities.number(who, chunk.where, new=True)
        times = self._times.number(when, chunk.where, new=True)
        self._met.add(entities.codes, times.codes)
        columns = [chunk.numbers(name) for name in self.columns]
        self.nobs_read += chunk.n_rows
        limits = self._limits(columns)
        # A column that misses a value, or is infinite, has no limits that are numbers.
        complete = None if np.isfinite(limits).all() else self._complete(chunk, columns)
        if complete is not None:
            columns = rows_of_columns(columns, complete)
            entities, times = (LabelCodes(found.codes[complete], None) for found in (entities, times))
            limits = self._limits(columns)
        self.nobs += len(columns[-1])
        if len(columns[-1]):
            np.minimum(self._smallest, limits[0], out=self._smallest)
            np.maximum(self._largest, limits[1], out=self._largest)
            self._add(columns, entities)
            counts = self._of_times.rows(self._times.count)[:, 0]
            counts += np.bincount(times.codes, minlength=len(counts))

    @staticmethod
    def _limits(columns: Sequence[Column]) -> Array:
        """Return the smallest and the largest value of each column."""
        if len(columns[-1]) == 0:
            return np.zeros((2, len(columns)))
        # One column after the other, which stays in the cache.
        return np.array(
            [
                column.factor.limits[:, column.level]
                if isinstance(column, FactorColumn)
                else (column[:].min(), column[:].max())
                for column in columns
            ]
        ).T

    def _add(self, columns: Sequence[Column], entities: LabelCodes) -> None:
        """Add rows, and columns less the means of the first chunk, to the sums by entity and to the cross products."""
        # Out of range or not, the norms of the columns are judged later.
        with np.errstate(over="ignore", invalid="ignore"):
            levels = [place for place, column in enumerate(columns) if isinstance(column, FactorColumn)]
            if self._shift is None:
                # Counts of levels are exact where nothing is subtracted, those of few rows that are no codes too.
                self._by_levels = bool(levels)
                self._shift = np.array([0.0 if isinstance(each, FactorColumn) else each[:].mean() for each in columns])
            if levels and not self._shift[levels].any():
                self._add_levels(less(columns, self._shift), entities)
                return
            n = len(columns[-1])
            rows = TransformedRows((np.broadcast_to(1.0, n), *columns), shift=np.insert(self._shift, 0, 0.0))
            products = CrossProducts(rows.n_columns, BLOCK_ROWS)
            table, grouping = self._of_entities.rows(self._entities.count), entities.grouping(self._entities.count)
            sums = table if entities.starts is None else np.zeros((grouping.n_groups, rows.n_columns), order="F")
            for start, stop in rows.block_bounds():
                block = products.room(stop - start)
                rows.fill(start, stop, block)
                products.update()
                grouping.add_sums(block, start, stop, sums)
            if entities.starts is not None:
                table[entities.places] += sums
            self._gram += products.sum[1:, 1:]

    def _add_levels(self, columns: Sequence[Column], entities: LabelCodes) -> None:
        """Add columns less the shift, some of them levels, from sums by level."""
        codes, table = entities.codes, self._of_entities.rows(self._entities.count)
        self._gram += FactorRows(columns, None, None, None).squared(np.broadcast_to(1.0, len(codes)))[0]
        add_by_level(table, codes, [np.broadcast_to(1.0, len(codes)), *columns])

    def merge(self, other: Surveyor) -> Surveyor:
        """Return what was found here and in the chunks that follow; an entity may have rows in both.

        Neither of the two changes, because a merge whose worker is lost is made again from them.
        """
        both = deepcopy(self)
        entities, times = both._entities.merge(other._entities), both._times.merge(other._times)
        of_entities, gram = other._about(self._shift)
        both._shift = other._shift if self._shift is None else both._shift
        with np.errstate(over="ignore", invalid="ignore"):
            both._of_entities.rows(both._entities.count)[entities] += of_entities
            both._gram += gram
        both._of_times.rows(both._times.count)[times] += other._of_times.rows(len(times))
        both._met.merge(other._met, entities, times)
        for name, count in other._absent.items():
            both._absent[name] += count
        both._first_absent += other._first_absent
        np.minimum(both._smallest, other._smallest, out=both._smallest)
        np.maximum(both._largest, other._largest, out=both._largest)
        both._by_levels &= other._by_levels
        both.nobs_read += other.nobs_read
        both.nobs += other.nobs
        return both

    def _about(self, shift: Array | None) -> tuple[Array, Array]:
        """Return rows and sums by entity, and cross products, of the columns less another shift."""
        of_entities = self._of_entities.rows(self._entities.count)
        if shift is None or self._shift is None:
            return of_entities, self._gram
        with np.errstate(over="ignore", invalid="ignore"):
            step = self._shift - shift
            sums = of_entities[:, 1:].sum(axis=0)
            cross = np.outer(step, sums)
            of_entities = np.column_stack((of_entities[:, :1], of_entities[:, 1:] + of_entities[:, :1] * step))
            return of_entities, self._gram + cross + cross.T + self.nobs * np.outer(step, step)

    def _complete(self, chunk: Chunk, columns: Sequence[Column]) -> Mask | None:
        """Which rows miss no value, None where all do not; infinities are refused."""
        for name, column in zip(self.columns, columns, strict=True):
            if isinstance(column, FactorColumn) and column.factor.finite:
                self._absent[name] += int(column.factor.absent.sum())
                continue
            infinite = np.isinf(column[:])
            if infinite.any():
                raise DataError(
                    f"Column {name!r} is infinite in {int(infinite.sum())} of the rows of {chunk.where}, first in "
                    f"{chunk.row(int(infinite.argmax()))}. Remove these values or set them to missing."
                )
            self._absent[name] += int(np.isnan(column[:]).sum())
        complete = complete_rows(columns)
        if complete is not None and self._missing == "raise":
            self._first_absent += [chunk.row(int(row)) for row in np.flatnonzero(~complete)[:3]]
        return complete

    def done(self, chunks: Chunks, of: Survey | None = None) -> Survey:
        """Put together what was found in all chunks.

        Parameters
        ----------
        chunks : Chunks
        of : Survey, optional
            Of the rows that these are some of, whose calendar they have.

        Raises
        ------
        DataError
            If there is no row at all, an entity has two rows of one period, or, with ``missing="raise"``, a value is
            missing.
        InsufficientDataError
            If no row is complete.
        """
        if self.nobs_read == 0:
            raise DataError("The data have no rows; a panel needs at least one.")
        if self._met.pairs() < self.nobs_read:
            self._refuse_repeated(chunks)
        labels = self._times.labels
        if of is None:
            positions, calendar = read_times(as_labels(labels), freq=self.freq, name=self._times.name)
        else:
            # Whole entities have a file's days as objects, the reading of all rows as dates.
            known = of.times.labels
            positions, calendar = of.positions[known.get_indexer(labels.astype(known.dtype))], of.calendar
        self._refuse_two_labels(positions)
        notes = list(calendar.notes)
        dropped = self.nobs_read - self.nobs
        counts = [(name, count) for name, count in self._absent.items() if count]
        if dropped and self._missing == "raise":
            listing = ", ".join(f"{name} ({count})" for name, count in counts)
            raise DataError(
                f"There are missing values in {grouped(dropped)} of {grouped(self.nobs_read)} rows, first in "
                f"{', '.join(self._first_absent[:3])}: {listing}. missing='drop' drops these rows."
            )
        if dropped:
            notes.append(rows_dropped(dropped, self.nobs_read, counts))
        if self.nobs == 0:
            raise InsufficientDataError(
                f"No complete row is left for {self.columns[-1]!r} on {', '.join(self.columns[:-1]) or 'a constant'}: "
                f"every one of the {self.nobs_read} rows misses a value."
            )
        of_entities = self._of_entities.rows(self._entities.count)
        of_times = self._of_times.rows(self._times.count)
        entities = Dimension(self._entities.name, self._entities, of_entities[:, 0].astype(np.int64))
        counted = of_times[:, 0].astype(np.int64)
        # Texts come in the order of the dates they are, "2001M9" before "2001M10".
        times = Dimension(self._times.name, self._times, counted, order=np.argsort(positions, kind="stable"))
        return Survey(
            self.nobs_read,
            self.nobs,
            entities,
            times,
            calendar,
            np.sort(positions[counted > 0]).astype(np.int64),
            of_entities,
            self._smallest,
            self._largest,
            np.zeros(len(self.columns)) if self._shift is None else self._shift,
            self._gram,
            self._by_levels,
            tuple(notes),
        )

    def _refuse_two_labels(self, positions: NDArray[np.int64]) -> None:
        """Refuse labels that are written in two ways, which would be two periods."""
        order = np.argsort(positions, kind="stable")
        same = np.flatnonzero(np.diff(positions[order]) == 0)
        if len(same):
            pair = " and ".join(shown(label) for label in self._times.labels.take(order[same[0] : same[0] + 2]))
            raise DataError(f"{pair} in column {self._times.name!r} are one period. Write it in one way everywhere.")

    def _refuse_repeated(self, chunks: Chunks) -> None:
        """Read the data again to say which rows repeat an entity and period."""
        met: dict[tuple[int, int], str] = {}
        names = (self._entities.name, self._times.name)
        repeated = self.nobs_read - self._met.pairs()
        what = f"{count_of(repeated, 'row repeats', 'rows repeat')} an entity and period"
        advice = (
            f"{ONE_ROW} If each row is of somebody else (repeated cross-sections), name a column that tells the rows "
            "apart as entity. If the same row stands there twice, drop one."
        )
        if not chunks.repeatable:
            raise DataError(f"{what}. {advice}")
        for chunk in chunks.read(names):
            who, when = (
                labels.number(chunk.labels(name), chunk.where, new=False)
                for labels, name in zip((self._entities, self._times), names, strict=True)
            )
            pairs = zip(who.codes.tolist(), when.codes.tolist(), strict=True)
            for row, pair in enumerate(pairs):
                if pair in met:
                    one = (self._entities.labels[pair[0]], as_text(self._times.labels[pair[1]]))
                    raise DataError(
                        f"{what}, the first {one[0]}, {one[1]} ({met[pair]} and {chunk.row(row)}). {advice}"
                    )
                met[pair] = chunk.row(row)


def dimension_labels(chunk: Chunk, name: str, what: str) -> Labels:
    """Return who the rows of a chunk are about, or when. No label may be missing."""
    labels = chunk.labels(name)
    absent = missing(labels)
    if absent is not None and absent.any():
        raise DataError(
            f"Column {name!r} ({what}) is missing in {int(absent.sum())} of the rows of {chunk.where}, first in "
            f"{chunk.row(int(absent.argmax()))}. Drop these rows or fill in their {what}."
        )
    return labels


def survey_of(chunks: Chunks, begin: Callable[[], Surveyor], read: Sequence[str]) -> Surveyor:
    """Take in these columns of all chunks."""
    # Made where the work is done: the arrays that are sent to workers cannot be written to.
    surveyor = begin()
    for chunk in chunks.read(read):
        surveyor.take(chunk)
    return surveyor


def complete_rows(columns: Sequence[Column]) -> Mask | None:
    """Return which rows of a chunk that was surveyed miss no value, None where all do not."""
    bad: Mask | None = None
    levels = (factor.absent for factor in factors_of(columns))
    others = (np.isnan(column[:]) for column in columns if not isinstance(column, FactorColumn))
    for absent in chain(levels, others):
        if absent.any():
            bad = absent if bad is None else bad | absent
    return None if bad is None else ~bad


def rows_of_columns(columns: Sequence[Column], rows: Mask) -> list[Column]:
    """Return some rows of columns; levels stay codes."""
    return changed(columns, lambda factor: factor.take(rows), lambda column: column[rows])


def labels_of_rows(labels: Labels, rows: Mask | None) -> Labels:
    """Return the labels of the rows that are complete."""
    return labels if rows is None else labels_at(labels, np.flatnonzero(rows))
