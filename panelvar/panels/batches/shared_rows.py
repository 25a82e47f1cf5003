"""Columns of many models, transformed together: their cross products, and the rows of each model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.kernels.linear.columns import Column
from panelvar.kernels.linear.demeaned import middle, whole_groups
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.qr import UNPACKED, RowAccumulator, triangle_of, triangularize
from panelvar.kernels.linear.rows import BLOCK_ROWS, TransformedRows

_OUTCOMES = 32
"""Most outcomes transformed at a time: a block of them stays in the cache."""
_MOST_SPENT = 20.0
"""Sum of squares of an outcome about one number, over that of what is left without its groups' means."""
_MOST_APART = 1e4
"""The same of a regressor's means. Their rounding in a group is multiplied by the means of outcomes about a number, so
that the root of this many digits is lost."""
_MOST_FACTORED = 64
"""Most columns that go through one QR; with more, each model makes its own."""


class SelectedRows(TransformedRows):
    """Some columns of rows that many models share; their level tables are copied when first asked for.

    Parameters
    ----------
    shared : TransformedRows
    places : sequence of int
        Which columns, the dependent variable last.
    """

    __slots__ = ("_places", "_shared")

    def __init__(self, shared: TransformedRows, places: Positions) -> None:
        super().__init__(
            [shared.columns[place] for place in places],
            shift=None if shared.shift is None else shared.shift[places],
            groupings=shared.groupings,
            slopes=shared.slopes,
            weights=shared.weights,
            constant=shared.constant,
        )
        self._tables = None
        self._shared = shared
        self._places = places

    @property
    def tables(self) -> tuple[Array, ...]:
        """The level tables (G, k + 1), one a grouping."""
        if self._tables is None:
            self._tables = tuple(np.asfortranarray(table[:, self._places]) for table in self._shared.tables)
        return self._tables

    def __reduce__(self) -> tuple[Any, ...]:
        # What is stored holds no other model's columns.
        return _plain, (
            self.columns,
            self.shift,
            self.groupings,
            self.tables,
            self.slopes,
            self.weights,
            self.constant,
        )


def _plain(
    columns: Any, shift: Any, groupings: Any, tables: Any, slopes: Any, weights: Any, constant: Any
) -> TransformedRows:
    return TransformedRows(
        columns,
        shift=shift,
        groupings=groupings,
        tables=tables,
        slopes=slopes,
        weights=weights,
        constant=constant,
    )


def between(rows: TransformedRows, first: int, last: int) -> TransformedRows:
    """Return the columns from one place to before another; nothing is copied."""
    return TransformedRows(
        rows.columns[first:last],
        shift=None if rows.shift is None else rows.shift[first:last],
        groupings=rows.groupings,
        tables=[table[:, first:last] for table in rows.tables],
        slopes=rows.slopes,
        weights=rows.weights,
        constant=rows.constant,
    )


class SharedProducts:
    """Cross products of the regressors of many models with one another and with their outcomes.

    Parameters
    ----------
    regressors : int
        How many columns, the first, are a regressor of some model.
    """

    def __init__(self, regressors: int) -> None:
        self.regressors = regressors
        self.cross = np.empty((0, 0))
        """Cross products of the regressors with all columns."""
        self.squares = np.empty(0)
        """Sum of squares of each column."""

    def _parts(self, count: int) -> list[slice]:
        """Return runs of outcomes whose cross products with the regressors are multiplied as they lie."""
        k = self.regressors
        step = min(max(UNPACKED // (BLOCK_ROWS * max(k, 1)), 1), _OUTCOMES)
        return [slice(first, min(first + step, count)) for first in range(k, count, step)]

    def lengths(self, rows: TransformedRows) -> Array:
        """Go through the rows once; return a diagonal matrix (c, c) of the columns' lengths."""
        k, count = self.regressors, rows.n_columns
        self.cross, self.squares = np.zeros((k, count)), np.zeros(count)
        every = [(part, between(rows, part.start, part.stop)) for part in self._parts(count)]
        self._go_through(rows, [(slice(0, k), None), *every])
        return self._diagonal()

    def _go_through(self, rows: TransformedRows, chunks: Sequence[tuple[Any, TransformedRows | None]]) -> None:
        """Add up the products of columns, given with their places; None stands for the regressors."""
        x_rows = between(rows, 0, self.regressors)
        x_scratch, scratch = (np.empty((BLOCK_ROWS, width), order="F") for width in (x_rows.n_columns, _OUTCOMES))
        # What overflows has no factor, and the model is then refused by its own columns.
        with np.errstate(over="ignore", invalid="ignore"):
            for start, stop in rows.block_bounds():
                x = x_scratch[: stop - start]
                x_rows.fill(start, stop, x)
                for places, own in chunks:
                    y = x
                    if own is not None:
                        y = scratch[: stop - start, : own.n_columns]
                        own.fill(start, stop, y)
                    self._add(places, x.T, y.T)

    def demeaned(
        self,
        columns: Sequence[Column],
        groups: Grouping,
        weights: Array | None = None,
        constant: Array | float | None = None,
    ) -> tuple[TransformedRows, Array]:
        """Take out the means of groups and go through the rows, in one reading where blocks hold whole groups.

        Regressors are demeaned. Outcomes are then taken about one number each, and the squares of their means about it
        are subtracted from theirs; where these outweigh what is left, the outcome is gone through demeaned. All are
        where the means of a regressor outweigh what is left of it by far.

        Returns
        -------
        rows : TransformedRows
        lengths : (c, c) array
            Diagonal, as `lengths` has them.
        """
        starts = groups.starts
        if starts is None or not groups.sums_lines or groups.sizes.max() > BLOCK_ROWS:
            means = groups.means_of(columns, weights)
            rows = TransformedRows(columns, groupings=(groups,), tables=(means,), weights=weights, constant=constant)
            return rows, self.lengths(rows)
        k, count = self.regressors, len(columns)
        self.cross, self.squares = np.zeros((k, count)), np.zeros(count)
        origin, mass = middle(columns), groups.mass(weights)
        roots = np.sqrt(mass)
        table, spent = np.empty((count, groups.n_groups)), np.zeros(count)
        scratch = [np.empty(BLOCK_ROWS * width) for width in (k, _OUTCOMES)]
        parts = [slice(0, k), *self._parts(count)]
        with np.errstate(over="ignore", invalid="ignore"):
            for first, last in whole_groups(starts, BLOCK_ROWS):
                start, stop = int(starts[first]), int(starts[last])
                weight = None if weights is None else weights[start:stop]
                root = None if weight is None else np.sqrt(weight)
                x = scratch[0][: k * (stop - start)].reshape(k, -1)
                for part in parts:
                    y = scratch[1][: (part.stop - part.start) * (stop - start)].reshape(-1, stop - start)
                    y = x if part is parts[0] else y
                    for line, column, near in zip(y, columns[part], origin[part].tolist(), strict=True):
                        np.subtract(column[start:stop], near, out=line)
                    levels = groups.sums_of_lines(y if weight is None else y * weight, first, last)
                    levels /= mass[first:last]
                    np.add(levels, origin[part, None], out=table[part, first:last])
                    if part is parts[0]:
                        y -= groups.repeated(levels, first, last)
                    levels *= roots[first:last]
                    spent[part] += [line.dot(line) for line in levels]
                    if root is not None:
                        y *= root
                    self._add(part, x, y)
            left = self.squares.copy()
            left[k:] -= spent[k:]
            swamped = k + np.flatnonzero(~(self.squares[k:] <= _MOST_SPENT * left[k:]))
            if not (spent[:k] <= _MOST_APART * left[:k]).all():
                swamped = np.arange(k, count)
        self.squares = left
        rows = TransformedRows(columns, groupings=(groups,), tables=(table.T,), weights=weights, constant=constant)
        if len(swamped):
            self.cross[:, swamped], self.squares[swamped] = 0.0, 0.0
            pieces = [swamped[first : first + _OUTCOMES] for first in range(0, len(swamped), _OUTCOMES)]
            self._go_through(rows, [(piece, SelectedRows(rows, piece)) for piece in pieces])
        return rows, self._diagonal()

    def _add(self, places: Any, x: Array, y: Array) -> None:
        """Add the products of a block: lines (k, m) of regressors, and of columns with their places."""
        self.cross[:, places] += np.dot(x, y.T)
        self.squares[places] += [line.dot(line) for line in y]

    def _diagonal(self) -> Array:
        return np.diag(np.sqrt(self.squares))

    def triangle(self, places: Positions) -> Array | None:
        """Return the R factor of the columns of a model, the dependent variable last, or None where QR is needed."""
        x, y = places[:-1], places[-1]
        gram = np.empty((len(places),) * 2)
        gram[:-1, :-1] = self.cross[x[:, None], x]
        gram[:-1, -1] = gram[-1, :-1] = self.cross[x, y]
        gram[-1, -1] = self.squares[y]
        return triangle_of(gram)


def factored(rows: TransformedRows, models: Sequence[Positions]) -> list[Array]:
    """Return the R factors of models by QR: of all their columns at once, of which each takes its own."""
    columns = np.unique(np.concatenate(models))
    if len(models) == 1 or len(columns) > _MOST_FACTORED:
        return [SelectedRows(rows, places).triangle() for places in models]
    chosen, accumulator = SelectedRows(rows, columns), RowAccumulator(len(columns))
    for start, stop in rows.block_bounds():
        chosen.fill(start, stop, accumulator.room(stop - start))
        accumulator.update()
    r = accumulator.r
    return [triangularize(np.asfortranarray(r[:, np.searchsorted(columns, places)])) for places in models]
