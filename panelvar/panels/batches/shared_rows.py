"""Columns of many models, transformed together: their cross products, and the rows of each model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.kernels.linear.qr import UNPACKED, RowAccumulator, triangle_of, triangularize
from panelvar.kernels.linear.rows import BLOCK_ROWS, TransformedRows

_OUTCOMES = 32
"""Most outcomes transformed at a time: a block of them stays in the cache."""
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
        own = partial(
            TransformedRows,
            self.columns,
            shift=self.shift,
            groupings=self.groupings,
            tables=self.tables,
            slopes=self.slopes,
            weights=self.weights,
            constant=self.constant,
        )
        return own, ()


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

    def add_up(self, rows: TransformedRows) -> Array:
        """Go through the rows once; return a diagonal matrix (c, c) of the columns' lengths."""
        k, count = self.regressors, rows.n_columns
        self.cross, self.squares = np.zeros((k, count)), np.zeros(count)
        # Outcomes whose cross products with the regressors are multiplied as they lie.
        step = min(max(UNPACKED // (BLOCK_ROWS * max(k, 1)), 1), _OUTCOMES)
        bounds = [(0, k), *((first, min(first + step, count)) for first in range(k, count, step))]
        parts = [(slice(first, last), between(rows, first, last)) for first, last in bounds]
        scratch = [np.empty((BLOCK_ROWS, width), order="F") for width in (k, _OUTCOMES)]
        # What overflows has no factor, and the model is then refused by its own columns.
        with np.errstate(over="ignore", invalid="ignore"):
            for start, stop in rows.block_bounds():
                x = scratch[0][: stop - start]
                for part, columns in parts:
                    y = x if part.start == 0 else scratch[1][: stop - start, : columns.n_columns]
                    columns.fill(start, stop, y)
                    self.cross[:, part] += np.dot(x.T, y)
                    self.squares[part] += [line.dot(line) for line in y.T]
        return np.diag(np.sqrt(self.squares))

    def triangle(self, places: Positions) -> Array | None:
        """Return the R factor of the columns of a model, the dependent variable last, or None where QR is needed."""
        x, y = places[:-1], places[-1]
        gram = np.empty((len(places),) * 2)
        gram[:-1, :-1] = self.cross[x[:, None], x]
        gram[:-1, -1] = gram[-1, :-1] = self.cross[x, y]
        gram[-1, -1] = self.squares[y]
        return triangle_of(gram)


def factor_by_qr(rows: TransformedRows, models: Sequence[Positions]) -> list[Array]:
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
