"""Sums and means by group: the one reduction every transform, covariance and variance component rests on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import DataError
from panelvar.kernels.linear.columns import Column

_Entry = TypeVar("_Entry", np.float64, np.intp)
Codes: TypeAlias = NDArray[np.int32] | NDArray[np.int64]
Columns: TypeAlias = Sequence[Column] | Array
"""Equally long 1-D arrays, or one (n, k) array (column-major, or every column is copied)."""

# A row of ones this long costs more to read than pairwise summation costs to run.
_LONG_GROUP = 1024
# Below this mean group size reduceat's cost a group exceeds bincount's cost a row.
_SHORT_GROUP = 4
# Beyond this many groups a row, bincount's cost a group exceeds scattering's cost a row.
_SCATTERED = 8


def split_columns(columns: Columns) -> list[Column]:
    """Return the columns as a list of 1-D arrays, without copying.

    Parameters
    ----------
    columns : sequence of (n,) arrays, (n, k) array or (n,) array

    Returns
    -------
    list of (n,) arrays
        Views of the columns.
    """
    if isinstance(columns, np.ndarray):
        return [columns] if columns.ndim == 1 else list(columns.T)
    return list(columns)


def compact(codes: NDArray[Any]) -> tuple[NDArray[np.int64], int]:
    """Renumber the codes that occur 0, 1, ... in their order."""
    low, seen = _occurring(codes)
    if seen is None:
        uniques, compact = np.unique(codes, return_inverse=True)
        return compact.astype(np.int64), len(uniques)
    shifted = codes - low if low else codes
    if seen.all():
        return shifted.astype(np.int64, copy=False), len(seen)
    rank = np.cumsum(seen) - 1
    return rank[shifted], int(rank[-1]) + 1


def distinct(codes: NDArray[Any]) -> NDArray[np.int64]:
    """Return the codes that occur, ascending."""
    low, seen = _occurring(codes)
    return np.unique(codes).astype(np.int64) if seen is None else np.flatnonzero(seen) + low


def _occurring(codes: NDArray[Any]) -> tuple[int, NDArray[np.bool_] | None]:
    """The smallest code, and which from it to the largest occur; None where a table of these would be too large."""
    low = int(codes.min())
    span = int(codes.max()) - low + 1
    if span > 4 * len(codes) + 1024:
        return low, None
    return low, np.bincount(codes - low if low else codes, minlength=span) > 0


def equal_runs(codes: NDArray[Any], edges: NDArray[np.integer]) -> list[list[int]]:
    """Find the runs of codes that are the same: the sets of units that several dates have, or of dates that units have.

    Parameters
    ----------
    codes : (n,) integer array
    edges : (R + 1,) integer array
        Where the R runs begin, and where the last ends.

    Returns
    -------
    list of lists of int
        Places of the runs that are the same, in the order in which they are first met.
    """
    places: dict[bytes, list[int]] = {}
    for place, (start, stop) in enumerate(pairwise(edges.tolist())):
        places.setdefault(codes[start:stop].tobytes(), []).append(place)
    return list(places.values())


class Grouping:
    """A partition of the rows into groups, with what makes summing over them fast.

    What the layout of the codes allows is found on first use and kept, so that making one costs nothing:
    equal blocks are summed by one matrix product, sorted codes by segments, codes that cycle 0, 1, .., G-1 (the
    periods of a balanced panel) by one product from the left, any others by scattering.

    Parameters
    ----------
    codes : (n,) integer array
        Group of each row. Every one of 0, .., `n_groups` - 1 occurs.
    n_groups : int
        Number of groups G.
    starts : (G + 1,) integer array, optional
        Row offsets of the groups, if the codes are known to be nondecreasing. Not verified.

    Attributes
    ----------
    codes, n_groups
        As given.

    Examples
    --------
    >>> import numpy as np
    >>> from panelvar.kernels.linear.groups import Grouping
    >>> groups = Grouping.from_codes(np.array([0, 0, 1, 1, 1]))
    >>> groups.sizes.tolist(), groups.means_of([np.array([1.0, 3.0, 2.0, 4.0, 9.0])]).tolist()
    ([2, 3], [[2.0], [5.0]])
    """

    order_of_sums: Literal["C", "F"] = "F"
    """How a table lies in memory that `add_sums` adds to fastest."""

    keeps_codes: bool = True
    """Whether the group of every row is at hand, not only that of the rows of a chunk."""

    def __init__(self, codes: Codes, n_groups: int, starts: NDArray[np.integer] | None = None) -> None:
        self.__dict__["codes"] = codes
        self.n_groups = n_groups
        if starts is not None:
            self.__dict__["starts"] = starts.astype(np.intp, copy=False)

    @classmethod
    def from_codes(
        cls, codes: Codes, n_groups: int | None = None, starts: NDArray[np.integer] | None = None
    ) -> Grouping:
        """Make a grouping, counting the groups if they have not been counted.

        Parameters
        ----------
        codes : (n,) integer array
            Group of each row, from 0, without unused codes.
        n_groups : int, optional
            Number of groups; the largest code plus one if omitted.
        starts : (G + 1,) integer array, optional
            Row offsets of the groups, if the codes are known to be nondecreasing.

        Returns
        -------
        Grouping

        Raises
        ------
        DataError
            If the codes are not integers, or the groups are to be counted and a code is negative.
        """
        if codes.dtype.kind not in "iu":
            raise DataError(f"Group codes have dtype {codes.dtype}; expected integers 0, .., G - 1.")
        if codes.dtype.kind == "u":
            codes = codes.astype(np.intp)
        if n_groups is None:
            if starts is None and len(codes) and codes.min() < 0:
                raise DataError(f"Group codes must start at 0; the smallest is {codes.min()}.")
            n_groups = len(starts) - 1 if starts is not None else int(codes.max(initial=-1)) + 1
        return cls(codes, n_groups, starts)

    @classmethod
    def from_starts(cls, starts: NDArray[np.integer]) -> Grouping:
        """Make the grouping of sorted rows from the row offsets (G + 1,) of its groups; none may be empty."""
        grouping = object.__new__(cls)
        grouping.n_groups = len(starts) - 1
        grouping.__dict__["starts"] = starts.astype(np.intp, copy=False)
        return grouping

    @cached_property
    def codes(self) -> Codes:
        """Group of each row, made of the offsets where these were given."""
        return np.repeat(np.arange(self.n_groups), self.sizes)

    @cached_property
    def starts(self) -> NDArray[np.intp] | None:
        """Row offsets (G + 1,) of the groups if the codes are nondecreasing and no group is empty, else None."""
        codes = self.codes
        if len(codes) == 0 or codes[0] != 0 or codes[-1] != self.n_groups - 1:
            return None
        steps = codes[1:] != codes[:-1]
        if np.count_nonzero(steps) != self.n_groups - 1 or np.any(codes[1:] < codes[:-1]):
            return None
        starts = np.empty(self.n_groups + 1, dtype=np.intp)
        starts[0] = 0
        starts[-1] = len(codes)
        np.add(np.flatnonzero(steps), 1, out=starts[1:-1])
        return starts

    @cached_property
    def sizes(self) -> NDArray[np.intp]:
        """Number of rows (G,) in each group."""
        if self.starts is not None:
            return np.diff(self.starts)
        return np.bincount(self.codes, minlength=self.n_groups)

    @cached_property
    def equal_size(self) -> int:
        """The common number of rows of sorted, equally large groups; 0 if the rows are not laid out so."""
        starts = self.starts
        if starts is None or self.n_groups * starts[1] != self.n_rows:
            return 0
        size = int(starts[1])
        return size if np.count_nonzero(self.sizes == size) == self.n_groups else 0

    @cached_property
    def cycles(self) -> bool:
        """Whether the codes are 0, 1, .., G - 1 over and over."""
        codes, n_groups = self.codes, self.n_groups
        if n_groups == 0 or len(codes) % n_groups or codes[0] != 0 or codes[n_groups - 1] != n_groups - 1:
            return False
        return bool(np.all(codes.reshape(-1, n_groups) == np.arange(n_groups, dtype=codes.dtype)))

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.codes) if "codes" in self.__dict__ else int(self.__dict__["starts"][-1])

    def spread(self, table: NDArray[_Entry]) -> NDArray[_Entry]:
        """Return the entry of each row's group in a table (G,), shape (n,)."""
        return table[self.codes] if self.starts is None else np.repeat(table, self.sizes)

    def crossed(self, other: Grouping) -> Grouping:
        """Return the grouping by pairs of groups that occur, in their order."""
        return Grouping(*compact(self.codes.astype(np.int64) * other.n_groups + other.codes))

    def sums(self, column: Column, weights: Array | None = None) -> Array:
        """Sum a column within each group: ``sum_{i in g} w_i x_i``.

        Parameters
        ----------
        column : (n,) array
        weights : (n,) array, optional
            Ones if omitted.

        Returns
        -------
        (G,) array
            Zero for a group without rows.

        Raises
        ------
        DataError
            If the column or the weights are not as long as the codes.
        """
        shape = (self.n_rows,)
        if column.shape != shape or (weights is not None and weights.shape != shape):
            given = column.shape if weights is None or column.shape != shape else weights.shape
            raise DataError(f"An array of shape {given} cannot be summed by the {self.n_rows} group codes.")
        values = column[:] if weights is None else column[:] * weights
        size = self.equal_size
        if size:
            blocks = values.reshape(self.n_groups, size)
            return blocks.sum(axis=1) if size > _LONG_GROUP else blocks @ np.ones(size)
        starts = self.starts
        if starts is not None and len(values) >= _SHORT_GROUP * self.n_groups:
            return np.add.reduceat(values, starts[:-1])
        if starts is None and self.cycles:
            blocks = values.reshape(-1, self.n_groups)
            return np.ones(len(blocks)) @ blocks
        return np.bincount(self.codes, values, self.n_groups).astype(np.float64, copy=False)

    def met_by(self, other: Grouping) -> tuple[NDArray[np.intp], int]:
        """Return a group of another grouping for each group, and how many groups have rows of several of those."""
        met = np.empty(self.n_groups, dtype=np.intp)
        met[self.codes] = other.codes
        return met, len(np.unique(self.codes[other.codes != met[self.codes]]))

    def lies_within(self, other: Grouping) -> bool:
        """Return whether every group lies within one group of another grouping of the same rows."""
        if self is other:
            return True
        first = np.empty(self.n_groups, dtype=other.codes.dtype)
        first[self.codes] = other.codes
        return bool((first[self.codes] == other.codes).all())

    def sums_of(self, columns: Columns, weights: Array | None = None) -> Array:
        """Sum several columns within each group.

        Parameters
        ----------
        columns : sequence of k (n,) arrays, or (n, k) array
        weights : (n,) array, optional

        Returns
        -------
        (G, k) array
            Column-major.
        """
        parts = split_columns(columns)
        sums = np.empty((self.n_groups, len(parts)), order="F")
        for j, column in enumerate(parts):
            sums[:, j] = self.sums(column, weights)
        return sums

    def add_sums(self, block: Array, start: int, stop: int, out: Array) -> None:
        """Add the sums of a block of rows within each group to running totals.

        Parameters
        ----------
        block : (stop - start, k) array
            Rows ``start:stop``; column-major is fastest.
        out : (G, k) array
            Totals, changed in place.
        """
        starts, size = self.starts, self.equal_size
        if size and not (start % size or stop % size) and block.flags.f_contiguous:
            # Whole groups of one size: a single product for all columns.
            parts = block.T.reshape(block.shape[1], (stop - start) // size, size) @ np.ones(size)
            out[start // size : stop // size] += parts.T
            return
        if starts is not None:
            # Only the groups the block touches; one that straddles its edge is completed by the next block.
            first = int(np.searchsorted(starts, start, side="right")) - 1
            last = int(np.searchsorted(starts, stop, side="left"))
            offsets = np.maximum(starts[first:last] - start, 0)
            for j in range(block.shape[1]):
                out[first:last, j] += np.add.reduceat(block[:, j], offsets)
            return
        groups = self.n_groups
        if (
            groups <= stop - start
            and not (start % groups or stop % groups)
            and block.flags.f_contiguous
            and self.cycles
        ):
            parts = block.T.reshape(block.shape[1], (stop - start) // groups, groups)
            out += (np.ones(parts.shape[1]) @ parts).T
            return
        codes = self.codes[start:stop]
        # Far more groups than rows: a table of all of them for each block would cost more than the rows.
        scattered = groups > _SCATTERED * (stop - start)
        for j in range(block.shape[1]):
            if scattered:
                np.add.at(out[:, j], codes, block[:, j])
            else:
                out[:, j] += np.bincount(codes, block[:, j], groups)

    @property
    def sums_lines(self) -> bool:
        """Whether `sums_of_lines` and `repeated` are the fast way: sorted groups that are not very short."""
        starts = self.starts
        return bool(self.equal_size) or (starts is not None and self.n_rows >= _SHORT_GROUP * self.n_groups)

    def sums_of_lines(self, lines: Array, first: int, last: int) -> Array:
        """Sum the rows of the sorted groups ``first:last``, of several columns at once.

        Parameters
        ----------
        lines : (k, m) array
            A column a line, of the m rows of these groups.
        first, last : int

        Returns
        -------
        (k, last - first) array
        """
        starts, size = self.starts, self.equal_size
        assert starts is not None
        if not size:
            return np.add.reduceat(lines, starts[first:last] - starts[first], axis=1)
        parts = lines.reshape(-1, size)
        sums: Array = parts.sum(axis=1) if size > _LONG_GROUP else parts @ np.ones(size)
        return sums.reshape(len(lines), -1)

    def repeated(self, levels: Array, first: int, last: int) -> Array:
        """Return levels (k, last - first) of sorted groups at each of their rows, shape (k, m)."""
        return np.repeat(levels, self.equal_size or self.sizes[first:last], axis=1)

    def lookup(self, start: int, stop: int) -> Callable[[NDArray[Any]], NDArray[Any]]:
        """Return a function that finds each of the rows ``start:stop`` its entry in a column (G,) of a table."""
        starts, size = self.starts, self.equal_size
        if starts is None or not self.sums_lines:
            codes = self.codes[start:stop].astype(np.intp, copy=False)
            # mode="clip" spares a check of every code; they are in range.
            return lambda levels: levels.take(codes, mode="clip")
        # Levels of sorted rows are repeated: three times faster than looking them up.
        if size and not (start % size or stop % size):
            return lambda levels: levels[start // size : stop // size].repeat(size)
        first = int(np.searchsorted(starts, start, side="right")) - 1
        last = int(np.searchsorted(starts, stop, side="left"))
        offsets: NDArray[np.intp] = np.clip(starts[first : last + 1], start, stop)
        counts = offsets[1:] - offsets[:-1]
        return lambda levels: levels[first:last].repeat(counts)

    def means(self, column: Column, weights: Array | None = None) -> Array:
        """Average a column within each group: ``sum_{i in g} w_i x_i / sum_{i in g} w_i``.

        Parameters
        ----------
        column : (n,) array
        weights : (n,) positive array, optional
            Ones if omitted.

        Returns
        -------
        (G,) array

        Raises
        ------
        DataError
            If a group has no rows, so that it has no mean.
        """
        return self.sums(column, weights) / self.mass(weights)

    def means_of(self, columns: Columns, weights: Array | None = None) -> Array:
        """Average several columns within each group; see `means`.

        Returns
        -------
        (G, k) array
            Column-major.
        """
        # A sum out of range is infinite and so is its mean: callers refuse it by the column's norm.
        with np.errstate(over="ignore"):
            means = self.sums_of(columns, weights)
        means /= self.mass(weights)[:, None]
        return means

    def mass(self, weights: Array | None = None) -> Array:
        """Sum of the weights (G,) in each group, the number of rows without weights.

        Raises
        ------
        DataError
            If a group has no rows.
        """
        if self.starts is None and self.n_groups and not self.sizes.all():
            empty = np.flatnonzero(self.sizes == 0)
            raise DataError(
                f"{len(empty)} of {self.n_groups} groups have no rows (the first is {empty[0]}). Number the groups "
                "so that every code occurs."
            )
        return self.sizes.astype(np.float64) if weights is None else self.sums(weights)
