"""Columns of a stream, and transformed rows of them: each pass reads the data again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial, reduce
from operator import methodcaller
from typing import Any, Unpack, cast

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import SpecificationError
from panelvar.data.streams.dimensions import Dimension
from panelvar.data.streams.reading import Part, Reading, no_rows
from panelvar.data.streams.row_values import RowValues
from panelvar.data.streams.scattered_rows import ScatteredGrouping, ScatteredRows
from panelvar.data.streams.streamed_groups import StreamedGrouping
from panelvar.kernels.absorption.factor_rows import MOST_INFLATION
from panelvar.kernels.linear.columns import Column, changed, less, measured
from panelvar.kernels.linear.qr import (
    CrossProducts,
    RowAccumulator,
    pays,
    refine_last,
    solve,
    triangle_of,
    triangularize,
)
from panelvar.kernels.linear.refinement import ExtendedArray, Products
from panelvar.kernels.linear.rows import BLOCK_ROWS, MakesRows, Transform, TransformedRows, column_norms, combination

_LEAST_SHARE = 1.0 / 64.0
"""Share of a column's variation that means must leave if cross products are subtracted, which then lose six bits."""


class StreamedColumns(MakesRows):
    """Linear combinations of the columns of a model that are read when a pass needs them.

    Parameters
    ----------
    reading : Reading
    loadings : (k + 1, m) array, optional
        The combinations; the columns themselves if omitted.
    """

    def __init__(self, reading: Reading, loadings: Array | None = None) -> None:
        self.reading = reading
        self.loadings = loadings
        self._sums: dict[Dimension, Array] = {}

    def __len__(self) -> int:
        return len(self.reading.columns) if self.loadings is None else int(self.loadings.shape[1])

    def __getitem__(self, place: int) -> Array:
        raise no_rows("A column")

    def combined(self, loadings: Array) -> StreamedColumns:
        """Return linear combinations of these columns."""
        return StreamedColumns(self.reading, loadings if self.loadings is None else self.loadings @ loadings)

    def of_part(self, part: Part) -> tuple[Column, ...]:
        """Return the columns of the rows of a chunk."""
        if self.loadings is None:
            return part.columns
        return tuple(combination(part.columns, self.loadings[:, j]) for j in range(len(self)))

    def sums_by(self, dimension: Dimension, weights: RowValues | None = None) -> Array:
        """Return the (weighted) sums of the columns by group, (G, m): those by entity are known, others are read."""
        if weights is None and dimension is self.reading.survey.entities:
            sums = np.empty((dimension.n_groups, len(self)))
            for entities, part in self._sums_by_entity():
                sums[entities] = part
            return sums
        if weights is None and dimension in self._sums:
            return self._sums[dimension].copy()
        (sums,) = self.reading.summed(partial(self._sums_of_parts, dimension, weights), (dimension,), (self._sums,))
        if weights is None:
            self._sums[dimension] = sums.copy()
        return sums

    def totals(self) -> Array:
        """Return the sums of the columns over all rows."""
        return sum((part.sum(axis=0) for _, part in self._sums_by_entity()), np.zeros(len(self)))

    def _sums_by_entity(self) -> Iterator[tuple[slice, Array]]:
        """Yield some entities and the sums of the columns over each of them."""
        survey = self.reading.survey
        for entities in _pieces(survey.entities.n_groups):
            yield entities, survey.sums_of(survey.moved(entities), entities, self.loadings)

    def _sums_of_parts(self, dimension: Dimension, weights: RowValues | None) -> list[Array]:
        sums = np.zeros((dimension.n_groups, len(self)))
        for part in self.reading.parts((dimension,)):
            columns = self.of_part(part)
            if weights is not None:
                of_rows = weights.of_part(part)
                columns = tuple(changed(columns, methodcaller("times", of_rows), partial(np.multiply, of_rows)))
            part.local(dimension).add_sums(columns, sums)
        return [sums]

    def norms(self, weights: RowValues | None = None) -> Array:
        """Return the Euclidean norm of each (weighted) column, in a pass over the parts."""
        norms = np.zeros(len(self))
        for part in self.reading.parts():
            own = None if weights is None else weights.of_part(part)
            norms = np.hypot(norms, column_norms(self.of_part(part), own))
        return norms

    def transformed(self, **transform: Unpack[Transform]) -> TransformedRows:
        """Return rows that are read in every pass (see `panelvar.kernels.linear.rows.TransformedRows`)."""
        if any(slope is not None for slope in transform.get("slopes", ())):
            raise SpecificationError("A stream cannot have slopes by level. Use a Panel.")
        return StreamedRows(self, **transform)


class StreamedRows(TransformedRows):
    """`TransformedRows` whose blocks are made of the chunks of a stream.

    Parameters
    ----------
    source : StreamedColumns
    **transform
        As of `TransformedRows`.
    """

    __slots__ = ("source",)

    def __init__(self, source: StreamedColumns, **transform: Unpack[Transform]) -> None:
        # Row-major: chunks take rows of a table.
        transform["tables"] = [np.ascontiguousarray(table) for table in transform.get("tables", ())]
        super().__init__((), **transform)
        self.columns = cast(Any, source)
        self.source = source

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.source.reading.nobs

    @property
    def n_columns(self) -> int:
        """Number of columns, the dependent variable included."""
        return len(self.source)

    @property
    def keeps_rows(self) -> bool:
        """No row is kept."""
        return False

    def of_part(self, part: Part) -> TransformedRows:
        """Return the rows of a chunk."""
        groups = [part.local(dimension) for dimension in self._dimensions]
        pairs = list(zip(groups, self.tables, strict=True))
        scattered = any(isinstance(local.grouping, ScatteredGrouping) for local in groups)
        constant: Any = self.constant
        weights: Any = self.weights
        return (ScatteredRows if scattered else TransformedRows)(
            self.source.of_part(part),
            shift=self.shift,
            groupings=[
                ScatteredGrouping(local.codes, len(table)) if scattered else local.grouping for local, table in pairs
            ],
            tables=[table if scattered else np.asfortranarray(local.part(table)) for local, table in pairs],
            weights=None if weights is None else weights.of_part(part),
            constant=constant.of_part(part) if isinstance(constant, RowValues) else constant,
        )

    @property
    def _dimensions(self) -> list[Dimension]:
        return [cast(StreamedGrouping, grouping).dimension for grouping in self.groupings]

    def _parts(self) -> Iterator[tuple[Part, TransformedRows]]:
        """Yield the rows of each chunk."""
        for part in self.source.reading.parts(self._dimensions):
            yield part, self.of_part(part)

    def column(self, j: int) -> Array:
        """Return a transformed column, whose values are computed when a chunk is in hand."""
        return cast(Array, RowValues(self.source.reading, partial(self._column_of_part, j)))

    def _column_of_part(self, j: int, part: Part) -> Array:
        return self.of_part(part).column(j)

    def blocks(self) -> Iterator[tuple[int, int, Array]]:
        """Yield ``(start, stop, block)``; the block is scratch and is overwritten by the next one."""
        for part, rows in self._parts():
            for start, stop, block in rows.blocks():
                # A short chunk is held by its rows; those who ask may overwrite what they get.
                scratch = block if block.flags.writeable else block.copy(order="F")
                yield part.start + start, part.start + stop, scratch

    def triangle(self) -> Array:
        """Return the R factor of all transformed rows; a second pass where cross products do not do."""
        many = self.n_rows > BLOCK_ROWS
        triangle = self._triangle_of_survey() if many and self.weights is None else None
        if triangle is not None:
            return triangle
        if many and pays(self.n_columns):
            (gram,) = self.summed(self._gram_of_parts)
            triangle = triangle_of(gram)
            if triangle is not None:
                return triangle
        return self.source.reading.gather(self._triangle_of_parts, _stack_triangles, left_out=(self.source._sums,))

    def summed(self, make: Callable[[], list[Array]]) -> list[Array]:
        """Return the sums that one pass makes (see `Reading.summed`)."""
        return self.source.reading.summed(make, left_out=(self.source._sums,))

    def _gram_of_parts(self) -> list[Array]:
        products = CrossProducts(self.n_columns, BLOCK_ROWS)
        self._accumulate(products)
        return [products.sum]

    def _triangle_of_parts(self) -> Array:
        accumulator = RowAccumulator(self.n_columns)
        self._accumulate(accumulator)
        return accumulator.r

    def _triangle_of_survey(self) -> Array | None:
        """Return the R factor from the cross products of the first reading, where these lose no digits to it.

        The means by entity, or the grand means, must be all that is subtracted, and they must leave a share of each
        column that rounding cannot reach.
        """
        survey, loadings = self.source.reading.survey, self.source.loadings
        counts = survey.entities.sizes.astype(np.float64)
        if not self.groupings and self.shift is not None:
            if not np.array_equal(self.source.totals() / self.n_rows, self.shift):
                return None
            moved = survey.by_entity[:, 1:].sum(axis=0)
            between = np.outer(moved, moved) / self.n_rows
        elif self.shift is not None or len(self.groupings) != 1 or len(self.tables[0]) != len(counts):
            return None
        else:
            between = np.zeros_like(survey.gram)
            for entities in _pieces(len(counts)):
                own, moved = counts[entities, None], survey.moved(entities)
                if not np.array_equal(survey.sums_of(moved, entities, loadings) / own, self.tables[0][entities]):
                    return None
                moved /= np.sqrt(own)
                between += moved.T @ moved
        left, total = survey.gram - between, survey.gram
        if loadings is not None:
            left, total = loadings.T @ left @ loadings, loadings.T @ total @ loadings
        if not (np.diagonal(left) >= _LEAST_SHARE * np.diagonal(total)).all():
            return None
        triangle = triangle_of(left)
        if triangle is not None or not survey.by_levels:
            return triangle
        # Counts are exact: as much as of rows in memory is bearable, once the last column is computed again.
        triangle = triangle_of(left, np.diagonal(total), MOST_INFLATION)
        if triangle is not None:
            found = solve(triangle, np.sqrt(np.diagonal(total)[:-1]))
            residuals = self.combined(np.append(-found.coefficients, 1.0)[:, None])
            ((products,),) = self.summed(partial(self._along_parts, residuals))
            refine_last(triangle, found.inverse_r, products[:-2], float(products[-1]))
        return triangle

    def _along_parts(self, residuals: StreamedRows) -> list[Array]:
        """Return the products (1, k + 2) of residuals with the columns and, last, with themselves.

        Residuals less means add up to zero where a mean is subtracted, whatever the columns are less.
        """
        survey, loadings = self.source.reading.survey, self.source.loadings
        shift = survey.shift if loadings is None else survey.shift @ loadings
        products = np.zeros((1, self.n_columns + 1))
        for part in self.source.reading.parts(self._dimensions):
            values = residuals.of_part(part).column(0)
            columns = less(self.source.of_part(part), shift)
            products[0, :-1] += measured(columns, methodcaller("along", values), partial(np.dot, values))
            products[0, -1] += values @ values
        return [products]

    def _accumulate(self, into: CrossProducts | RowAccumulator) -> None:
        for _, rows in self._parts():
            for start, stop in rows.block_bounds():
                rows.fill(start, stop, into.room(stop - start))
                into.update()

    def products(self) -> Products:
        """Return the cross products of ``[X, y]`` in extended precision, a pass over the data each."""
        gather = self.source.reading.gather
        return lambda mapping: gather(partial(self._add_products, mapping), _add_pairs, left_out=(self.source._sums,))

    def _add_products(self, mapping: ExtendedArray) -> tuple[ExtendedArray, ExtendedArray]:
        nothing = np.zeros(1, dtype=np.longdouble)
        return reduce(_add_pairs, (rows.products()(mapping) for _, rows in self._parts()), (nothing, nothing))

    def combined(self, loadings: Array) -> StreamedRows:
        """Return the rows of linear combinations of the columns (see `TransformedRows.combined`)."""
        return StreamedRows(
            self.source.combined(loadings),
            shift=None if self.shift is None else self.shift @ loadings,
            groupings=self.groupings,
            tables=[np.asfortranarray(table @ loadings) for table in self.tables],
            weights=self.weights,
            constant=self.constant,
        )


def _pieces(count: int) -> Iterator[slice]:
    """Yield so many rows of a table a part at a time, which stays in the cache."""
    for start in range(0, count, BLOCK_ROWS):
        yield slice(start, min(start + BLOCK_ROWS, count))


def _stack_triangles(first: Array, second: Array) -> Array:
    """Return the R factor of rows of which two parts have been factored."""
    return triangularize(np.vstack((first, second)))


def _add_pairs(
    first: tuple[ExtendedArray, ExtendedArray], second: tuple[ExtendedArray, ExtendedArray]
) -> tuple[ExtendedArray, ExtendedArray]:
    return first[0] + second[0], first[1] + second[1]
