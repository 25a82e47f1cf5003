"""Groups of the rows of a stream: sums over them are made chunk by chunk."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.errors import InsufficientDataError
from panelvar.data.streams.dimensions import Dimension
from panelvar.data.streams.reading import Part, Reading, no_rows, not_kept, pairs_in
from panelvar.data.streams.row_values import RowValues
from panelvar.kernels.linear.groups import Columns, Grouping

if TYPE_CHECKING:
    from scipy.sparse import csr_array


_PairsThere: TypeAlias = tuple[NDArray[np.int64], NDArray[Any]]
"""Pairs of groups as numbers, and rows or weight of each."""


class StreamedGrouping(Grouping):
    """A partition of the rows of a stream; of the chunk in hand its codes are known, of all rows they are not.

    Parameters
    ----------
    reading : Reading
        Of the rows.
    dimension : Dimension
    """

    codes = not_kept("The group")
    keeps_codes = False
    order_of_sums = "C"

    def __init__(self, reading: Reading, dimension: Dimension) -> None:
        self.reading = reading
        self.dimension = dimension
        self.n_groups = dimension.n_groups
        self.__dict__.update(sizes=dimension.sizes, starts=None, equal_size=0, cycles=False)
        reading.want(dimension)

    @property
    def n_rows(self) -> int:
        """Rows of the model."""
        return self.reading.nobs

    def spread(self, table: Any) -> Any:
        """Return the entry of each row's group in a table (G,), looked up when a chunk is in hand."""
        return RowValues(self.reading, partial(_levels_of_part, self.dimension, table))

    def sums_of(self, columns: Columns, weights: Array | None = None) -> Array:
        """Sum the columns of a design within each group."""
        if not hasattr(columns, "sums_by"):
            raise no_rows("A column")
        sums: Array = columns.sums_by(self.dimension, weights)
        return sums

    def mass(self, weights: Array | None = None) -> Array:
        """Sum of the weights (G,) in each group."""
        if isinstance(weights, RowValues):
            return weights.mass_by(self.dimension)
        return super().mass(weights)

    def add_sums(self, block: Array, start: int, stop: int, out: Array) -> None:
        """Add the sums of a block of rows of the chunk in hand."""
        part = self.reading.part
        local = part.local(self.dimension)
        local.grouping.add_sums(block, start - part.start, stop - part.start, local.part(out))

    def crossed(self, other: Grouping) -> Grouping:
        """Return the grouping by pairs of groups that occur."""
        if isinstance(other, EachRow):
            return other
        assert isinstance(other, StreamedGrouping)
        survey = self.reading.survey
        if {self.dimension, other.dimension} == {survey.entities, survey.times}:
            return EachRow(self.reading)
        return StreamedGrouping(self.reading, self.reading.crossed(self.dimension, other.dimension))

    def pair_counts(self, other: Grouping, most_cells: int, weights: Array | None = None) -> Array | csr_array:
        """Count the rows, or sum weights, over each pair of groups, dense where it is small, in a reading."""
        assert isinstance(other, StreamedGrouping)
        shape, pair = (self.n_groups, other.n_groups), (self.dimension, other.dimension)
        weighted = weights if isinstance(weights, RowValues) else None
        values = weighted is not None
        if shape[0] * shape[1] <= most_cells:
            work = partial(_counts_of_pairs, self.reading, *pair, weighted)
            counts: Array = self.reading.gather(work, np.add, pair, values=values)
            return counts.reshape(shape)
        from scipy.sparse import coo_array, csr_array

        there = partial(_pairs_there, self.reading, *pair, weighted)
        cells, found = self.reading.gather(there, _join_pairs, pair, values=values)
        places = (cells // shape[1], cells % shape[1])
        return csr_array(coo_array((found.astype(np.float64), places), shape=shape))

    def met_by(self, other: Grouping) -> tuple[Positions, int]:
        """Return a group of another grouping for each group, and how many groups have rows of several of those."""
        assert isinstance(other, StreamedGrouping)
        pair = self.dimension, other.dimension
        met, several = self.reading.gather(partial(_find_met, self.reading, *pair), _join_met, pair, values=False)
        return met, int(several.sum())

    def lies_within(self, other: Grouping) -> bool:
        """Return whether every group lies within one group of another grouping of the same rows."""
        if isinstance(other, EachRow):
            return self.n_groups == other.n_groups
        assert isinstance(other, StreamedGrouping)
        if self.dimension is other.dimension:
            return True
        return other.n_groups <= self.n_groups and self.met_by(other)[1] == 0


def _levels_of_part(dimension: Dimension, table: Array, part: Part) -> Array:
    """Return the entry of each row's group in a table (G,), of the rows of a chunk."""
    values: Array = table[part.local(dimension).codes]
    return values


def _counts_of_pairs(reading: Reading, groups: Dimension, others: Dimension, weights: RowValues | None) -> Array:
    """Count the rows over each pair of groups, or sum weights, those of the second running fastest."""
    counts = np.zeros(groups.n_groups * others.n_groups)
    for part in reading.parts((groups, others), values=weights is not None):
        np.add.at(counts, pairs_in(part, groups, others), 1.0 if weights is None else weights.of_part(part))
    return counts


def _pairs_there(reading: Reading, groups: Dimension, others: Dimension, weights: RowValues | None) -> _PairsThere:
    """Return pairs of groups that have rows, and how many or of which weight; a pair may be there several times."""
    parts: list[_PairsThere] = [(np.zeros(0, dtype=np.int64), np.zeros(0))]
    for part in reading.parts((groups, others), values=weights is not None):
        cells, place = np.unique(pairs_in(part, groups, others), return_inverse=True)
        of_rows = None if weights is None else weights.of_part(part)
        parts.append((cells, np.bincount(place, of_rows, len(cells))))
    return _join_pairs(*parts)


def _join_pairs(*parts: _PairsThere) -> _PairsThere:
    """Put together the pairs of parts."""
    cells, counts = zip(*parts, strict=True)
    return np.concatenate(cells), np.concatenate(counts)


def _find_met(reading: Reading, groups: Dimension, others: Dimension) -> tuple[Positions, Mask]:
    """Return a group of another dimension that each group meets, -1 where it has no row, and which meet several."""
    met, several = np.full(groups.n_groups, -1, dtype=np.intp), np.zeros(groups.n_groups, dtype=np.bool_)
    for part in reading.parts((groups, others), values=False):
        codes, other_codes = part.local(groups).codes, part.local(others).codes
        new = met[codes] < 0
        met[codes[new]] = other_codes[new]
        several[codes[met[codes] != other_codes]] = True
    return met, several


def _join_met(first: tuple[Positions, Mask], second: tuple[Positions, Mask]) -> tuple[Positions, Mask]:
    """Put together what groups meet in two partitions."""
    (met, several), (other_met, other_several) = first, second
    apart = (met >= 0) & (other_met >= 0) & (met != other_met)
    return np.maximum(met, other_met), several | other_several | apart


def _refuse_sizes(effects: EachRow) -> NoReturn:
    """Refuse the first thing that effects are asked for: each row is a level of its own."""
    raise InsufficientDataError(
        f"The effects have a level for each of the {effects.n_groups} rows, so nothing is left to estimate."
    )


class EachRow(Grouping):
    """Rows of a stream each of which is a group of its own, as pairs of an entity and a period are.

    Parameters
    ----------
    reading : Reading
    """

    codes = not_kept("The group")
    keeps_codes = False
    sizes: Any = property(_refuse_sizes)

    def __init__(self, reading: Reading) -> None:
        self.n_groups = reading.nobs
        self.__dict__.update(starts=None, equal_size=0, cycles=False)

    @property
    def n_rows(self) -> int:
        """Rows of the model."""
        return self.n_groups

    def crossed(self, other: Grouping) -> Grouping:
        """Return the grouping by pairs of groups that occur: each row is one still."""
        return self

    def lies_within(self, other: Grouping) -> bool:
        """Return whether every group lies within one group of another: each row does."""
        return True
