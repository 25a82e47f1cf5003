"""Readings of the rows of a model: the chunks of a stream, less rows that miss a value, as often as they are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.errors import DataError, RowsNotKeptError
from panelvar.data.chunks.dask_chunks import gather
from panelvar.data.chunks.partitions import Share
from panelvar.data.sources.source import missing
from panelvar.data.streams.dimensions import Dimension, LocalGroups
from panelvar.data.streams.growing_labels import GrowingLabels
from panelvar.data.streams.growing_tables import GrowingTable
from panelvar.data.streams.summed_tables import Sent, add, pack, unpack
from panelvar.data.streams.survey import (
    SAME_VALUES,
    Survey,
    complete_rows,
    labels_of_rows,
    rows_of_columns,
    values_changed,
)
from panelvar.kernels.linear.rows import combination

if TYPE_CHECKING:
    from panelvar.data.chunks.chunks import Chunk, Chunks
    from panelvar.data.sources.source import Labels
    from panelvar.kernels.linear.columns import Column

Found = TypeVar("Found")


class Passed(NamedTuple):
    """What one pass over the rows read, by which it is told from others.

    Attributes
    ----------
    rows : int
        Rows that miss no value.
    total, squares : float
        Sums over the rows of one combination of all columns, and of its square; NaN where columns were not read.
    """

    rows: int
    total: float
    squares: float

    def add(self, other: Passed) -> Passed:
        """What both read."""
        return Passed(self.rows + other.rows, self.total + other.total, self.squares + other.squares)

    def agrees(self, other: Passed) -> bool:
        """Whether both may have read the same values; what was not read, or left the range of numbers, may be."""
        gaps = abs(self.total - other.total), abs(self.squares - other.squares)
        sizes = (other.rows * abs(other.squares)) ** 0.5, abs(other.squares)
        return not any(gap > SAME_VALUES * size for gap, size in zip(gaps, sizes, strict=True))


def no_rows(what: str) -> RowsNotKeptError:
    """Make the error for what has a value for each row of a stream."""
    return RowsNotKeptError(
        f"{what} has a value for each row, and a stream does not keep its rows: fit the model on a DataFrame, or "
        "write predictions to a file (PanelStream.write_predictions)."
    )


def not_kept(what: str) -> Any:
    """Make an attribute with a value for each row, which a stream does not keep: reading it is an error.

    Parameters
    ----------
    what : str
        What it is, to begin the message.
    """

    def refuse(owner: object) -> NoReturn:
        raise no_rows(what)

    return property(refuse)


class Part:
    """The rows of a model in one chunk.

    Attributes
    ----------
    start, stop : int
        Their numbers among the rows of the model.
    columns : tuple of columns
        Regressors and, last, the dependent variable; empty where they were not asked for.
    """

    def __init__(
        self, chunk: Chunk, complete: Mask | None, columns: tuple[Column, ...], start: int, count: int
    ) -> None:
        self._chunk = chunk
        self._complete = complete
        self._local: dict[Dimension, LocalGroups] = {}
        self.columns = columns
        self.start = start
        self.stop = start + count

    def local(self, dimension: Dimension) -> LocalGroups:
        """Return the groups of the rows in a dimension."""
        if dimension not in self._local:
            labels = self.labels(dimension.name) if dimension.pair is None else pairs_in(self, *dimension.pair)
            self._local[dimension] = dimension.local(labels, self._chunk.where)
        return self._local[dimension]

    def row(self, place: int) -> str:
        """Name one of the rows, for errors."""
        return self._chunk.row(place if self._complete is None else int(np.flatnonzero(self._complete)[place]))

    def numbers(self, name: str) -> Array:
        """Return a column of the rows as doubles."""
        values = self._chunk.numbers(name)[:]
        return values if self._complete is None else values[self._complete]

    def labels(self, name: str) -> Labels:
        """Return a column of the rows as labels."""
        return labels_of_rows(self._chunk.labels(name), self._complete)


class Reading:
    """The rows of a model of a stream, and the dimensions they are grouped by.

    Parameters
    ----------
    chunks : Chunks
    columns : tuple of str
        Regressors and, last, the dependent variable: a row is left out for what it misses in any of them.
    survey : Survey
        What the first reading found.
    """

    def __init__(self, chunks: Chunks, columns: tuple[str, ...], survey: Survey) -> None:
        self.chunks = chunks
        self.columns = columns
        self.survey = survey
        self._in_hand: Part | None = None
        self._by_name: dict[str, Dimension] = {}
        self._wanted: set[Dimension] = set()
        self._wanted_numbers: set[str] = set()
        # One number a row, in which no column outweighs the others and no two weigh the same.
        spread = np.sqrt(survey.gram.diagonal() / max(survey.nobs, 1))
        # A level far above the spread would cost the digits by which sums are compared.
        scale = np.maximum(spread, 1e-5 * np.abs(survey.shift))
        weights = np.sqrt(np.arange(2.0, len(columns) + 2.0)) / np.where(scale > 0.0, scale, 1.0)
        # Squares that vanish tell nothing; such a column is refused later.
        lost = (survey.gram.diagonal() < 1e-280) & (survey.smallest < survey.largest)
        self._weights = np.where(lost, 0.0, weights)
        with np.errstate(over="ignore", invalid="ignore"):
            total = float(self._weights @ survey.by_entity[:, 1:].sum(axis=0))
            self._first = Passed(survey.nobs, total, float(self._weights @ survey.gram @ self._weights))
        self._passed = Passed(0, 0.0, 0.0)

    @property
    def nobs(self) -> int:
        """Number of rows."""
        return self.survey.nobs

    @property
    def part(self) -> Part:
        """The chunk in hand, of the reading that is under way."""
        assert self._in_hand is not None
        return self._in_hand

    def want(self, dimension: Dimension) -> None:
        """Read what tells a row's group in a dimension from now on."""
        self._wanted.add(dimension)

    def want_numbers(self, name: str) -> None:
        """Read another column of numbers from now on."""
        self._wanted_numbers.add(name)

    def parts(self, dimensions: Sequence[Dimension] = (), *, values: bool = True) -> Iterator[Part]:
        """Read the rows a chunk at a time.

        Parameters
        ----------
        dimensions : sequence of Dimension
            Those that will be asked for, beside those that are wanted already.
        values : bool
            Whether regressors and the dependent variable are.

        Raises
        ------
        DataError
            If the data are not what they were.
        """
        read = self._columns_needed(values)
        start, passed = 0, Passed(0, 0.0, 0.0)
        for chunk in self.chunks.read(self._names(dimensions, values)):
            columns = tuple(chunk.numbers(name) for name in read)
            complete, count = None, chunk.n_rows
            if not self.survey.complete:
                complete = complete_rows(columns)
            if complete is not None:
                columns, count = tuple(rows_of_columns(columns, complete)), int(complete.sum())
            if count == 0:
                continue
            passed = passed.add(self._summed_up(columns, count))
            self._in_hand = part = Part(chunk, complete, columns if values else (), start, count)
            yield part
            start += count
        self._in_hand = None
        self._passed = passed
        if not isinstance(self.chunks, Share):
            self._check(passed)

    def _summed_up(self, columns: tuple[Column, ...], count: int) -> Passed:
        """Sums of the combination of the columns that tells readings apart, over the rows of a chunk."""
        if not columns:
            return Passed(count, np.nan, np.nan)
        # Out of range or not, the columns are judged elsewhere.
        with np.errstate(over="ignore", invalid="ignore"):
            combined = combination(columns, self._weights)[:] - self._weights @ self.survey.shift
            return Passed(count, float(combined.sum()), float(combined @ combined))

    def _columns_needed(self, values: bool) -> tuple[str, ...]:
        """Columns that must be read as numbers."""
        return self.columns if values or not self.survey.complete else ()

    def _names(self, dimensions: Sequence[Dimension], values: bool) -> list[str]:
        """Columns that must be read."""
        named = [name for dimension in (*dimensions, *self._wanted) for name in dimension.columns]
        return [*dict.fromkeys((*self._columns_needed(values), *named, *self._wanted_numbers))]

    def _check(self, passed: Passed) -> None:
        """Refuse data that are not those of the first reading."""
        if passed.rows != self.nobs:
            raise DataError(
                f"The data have changed while a model was fitted: they had {self.nobs} complete rows at the first "
                f"reading, and have {passed.rows} now."
            )
        if not passed.agrees(self._first):
            raise values_changed(self.columns)

    def gather(
        self,
        work: Callable[[], Found],
        merge: Callable[[Found, Found], Found],
        dimensions: Sequence[Dimension] = (),
        *,
        values: bool = True,
        left_out: Sequence[object] = (),
    ) -> Found:
        """Do work that is one pass over the parts: here, or where partitions lie (`panelvar.data.chunks.dask_chunks`).

        Parameters
        ----------
        work, merge, left_out
            As of `panelvar.data.chunks.dask_chunks.gather`.
        dimensions, values
            As of `parts`.
        """
        survey, known = self.survey, {*dimensions, *self._wanted}
        unknown = [dimension for dimension in (survey.entities, survey.times) if dimension not in known]
        counted: Callable[[], tuple[Passed, Found]] = partial(self._passing, work)
        both: Callable[[tuple[Passed, Found], tuple[Passed, Found]], tuple[Passed, Found]] = partial(_merge_both, merge)
        names, stays = self._names(dimensions, values), (survey.by_entity, *unknown, *left_out)
        passed, found = gather(self.chunks, names, counted, both, stays)
        self._check(passed)
        return found

    def _passing(self, work: Callable[[], Found]) -> tuple[Passed, Found]:
        """Do a pass, and say what it read."""
        found = work()
        return self._passed, found

    def summed(
        self,
        work: Callable[[], list[Array]],
        dimensions: Sequence[Dimension] = (),
        left_out: Sequence[object] = (),
    ) -> list[Array]:
        """Return the tables that a pass over the parts makes, those of partitions added up (see `gather`)."""
        sent = self.gather(partial(self._to_send, work), _add_each, dimensions, left_out=left_out)
        return [unpack(table) for table in sent]

    def _to_send(self, work: Callable[[], list[Array]]) -> Sequence[Sent]:
        tables = work()
        return [pack(table) for table in tables] if isinstance(self.chunks, Share) else tables

    def dimension(self, column: str) -> Dimension:
        """Return the dimension of a column, from a reading of its labels the first time it is asked for."""
        if column not in self._by_name:
            read = self._columns_needed(False)
            work = partial(_Counts.of_all, column, self.chunks, read)
            counted = gather(self.chunks, (*read, column), work, _Counts.merge)
            if counted.absent:
                raise DataError(
                    f"{column!r} is missing in {counted.absent} of the {self.nobs} rows of the model, first in "
                    f"{counted.first_absent}."
                )
            self._by_name[column] = counted.dimension()
        return self._by_name[column]

    def crossed(self, first: Dimension, second: Dimension) -> Dimension:
        """Return the dimension of the pairs of groups of two others."""
        name = f"{first.name}^{second.name}"
        if name not in self._by_name:
            work = partial(self._count_pairs, name, first, second)
            counted = self.gather(work, _Counts.merge, (first, second), values=False)
            self._by_name[name] = counted.dimension((first, second))
        return self._by_name[name]

    def _count_pairs(self, name: str, first: Dimension, second: Dimension) -> _Counts:
        """Count the pairs of groups, which are numbers, as labels are."""
        counted = _Counts(name)
        for part in self.parts((first, second), values=False):
            counted.add(pairs_in(part, first, second), "the data")
        return counted


def _add_each(first: Sequence[Sent], second: Sequence[Sent]) -> list[Sent]:
    return [add(*pair) for pair in zip(first, second, strict=True)]


def _merge_both(
    merge: Callable[[Found, Found], Found], first: tuple[Passed, Found], second: tuple[Passed, Found]
) -> tuple[Passed, Found]:
    return first[0].add(second[0]), merge(first[1], second[1])


class _Counts:
    """Labels, of which there are more and more, and rows of each.

    Parameters
    ----------
    name : str
        Their column.
    """

    def __init__(self, name: str) -> None:
        self.growing = GrowingLabels(name)
        self._table = GrowingTable(1)
        self.absent = 0
        self.first_absent = ""

    def add(self, labels: Labels, where: str) -> None:
        """Count the labels of a chunk."""
        found = self.growing.number(labels, where, new=True)
        counts = self._counts()
        if found.starts is None:
            np.add.at(counts, found.places, 1.0)
        else:
            counts[found.places] += np.diff(found.starts)

    @classmethod
    def of_all(cls, name: str, chunks: Chunks, needed: tuple[str, ...]) -> _Counts:
        """Count the labels of the rows of all chunks that miss none of the columns that are needed."""
        counted = cls(name)
        for chunk in chunks.read([*dict.fromkeys((*needed, name))]):
            complete = complete_rows([chunk.numbers(column) for column in needed])
            labels = labels_of_rows(chunk.labels(name), complete)
            empty = missing(labels)
            if empty is not None and empty.any():
                if not counted.absent:
                    rows = np.arange(chunk.n_rows) if complete is None else np.flatnonzero(complete)
                    counted.first_absent = chunk.row(int(rows[empty.argmax()]))
                counted.absent += int(empty.sum())
            else:
                counted.add(labels, chunk.where)
        return counted

    def merge(self, other: _Counts) -> _Counts:
        """Return these and what another counted; neither changes (see `Surveyor.merge`)."""
        both = deepcopy(self)
        places = both.growing.merge(other.growing)
        both._counts()[places] += other._counts()
        both.absent += other.absent
        both.first_absent = self.first_absent or other.first_absent
        return both

    def dimension(self, pair: tuple[Dimension, Dimension] | None = None) -> Dimension:
        """Return the dimension of the labels, ``pair`` as of `Dimension`."""
        return Dimension(self.growing.name, self.growing, self._counts().astype(np.int64), pair)

    def _counts(self) -> Array:
        return self._table.rows(self.growing.count)[:, 0]


def pairs_in(rows: Part, first: Dimension, second: Dimension) -> NDArray[np.int64]:
    """Return the pair of groups of each row of a chunk as a number."""
    return rows.local(first).codes.astype(np.int64) * second.n_groups + rows.local(second).codes
