r"""Scores of a fit and their sums: the middle of every sandwich covariance.

A score is the transformed regressor row times its residual, :math:`s_i = \tilde x_i \tilde e_i`. With a constant its
transformed column :math:`z_i` leads: the regressors are already orthogonal to it.

Meats are of scores in the orthonormal basis, :math:`R^{-\top} s_i`. In that of the regressors the covariance would be
:math:`(X'X)^{-1} M (X'X)^{-1}`, whose terms are larger than their sum by the fourth power of the condition number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.kernels.absorption.factor_rows import FactorRows, keeps_digits
from panelvar.kernels.linear.demeaned import STORED_BLOCK, DemeanedRows, StoredRows, rows_together, stored_rows
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.qr import CrossProducts
from panelvar.kernels.linear.rows import BLOCK_ROWS, TransformedRows

# Sums turned at a time.
_PIECE_ROWS = 2_000


class Scores(NamedTuple):
    """What the scores of a fit are made of.

    Attributes
    ----------
    rows : TransformedRows
        The model's rows.
    kept : (k,) array
        Positions of the regressors in use.
    coefficients : (all regressors,) array
        Slopes, zero where a regressor is not in use.
    constant : (n,) array, float or None
        The transformed constant column.
    basis : (k, k) array
        :math:`R^{-1}`, which makes the columns of the regressors in use orthonormal.
    multiplier : (n,) array or None
        What each residual is multiplied by (an adjustment for leverage).
    """

    rows: TransformedRows
    kept: NDArray[np.intp]
    coefficients: Array
    constant: Array | float | None
    basis: Array
    multiplier: Array | None = None

    @property
    def size(self) -> int:
        """Columns of a score: the constant, if any, and the regressors in use."""
        return len(self.kept) + int(self.constant is not None)

    def _orthonormal(self, scores: Array, out: Array | None = None) -> Array:
        """Return scores, or sums of them, in the orthonormal basis."""
        lead = int(self.constant is not None)
        if out is None:
            out = np.empty_like(scores)
        out[:, :lead] = scores[:, :lead]
        np.matmul(scores[:, lead:], self.basis, out=out[:, lead:])
        return out

    def blocks(self) -> Iterator[tuple[int, int, Array]]:
        """Yield ``(start, stop, scores)`` in the orthonormal basis, (stop - start, size)."""
        for start, stop, block in self._raw_blocks():
            yield start, stop, self._orthonormal(block)

    def _raw_blocks(self) -> Iterator[tuple[int, int, Array]]:
        """Yield ``(start, stop, scores)`` in the regressors' basis: column-major scratch, (stop - start, size)."""
        lead = int(self.constant is not None)
        scratch = np.empty(0)
        for start, stop, block in self.rows.blocks():
            count = (stop - start) * self.size
            if scratch.size < count:
                scratch = np.empty(count)
            scores = scratch[:count].reshape((stop - start, self.size), order="F")
            residuals = self._residuals(start, stop, block)
            if self.constant is not None:
                constant = self.constant if isinstance(self.constant, float) else self.constant[start:stop]
                np.multiply(residuals, constant, out=scores[:, 0])
            for j, position in enumerate(self.kept):
                np.multiply(block[:, position], residuals, out=scores[:, lead + j])
            yield start, stop, scores

    def _residuals(self, start: int, stop: int, block: Array) -> Array:
        residuals: Array = block[:, -1] - block[:, :-1] @ self.coefficients
        if self.multiplier is not None:
            residuals *= self.multiplier[start:stop]
        return residuals

    @property
    def _in_place(self) -> bool:
        """Whether a block of rows can be overwritten by its scores: it is scratch, and every regressor is in use."""
        return len(self.kept) == self.rows.n_columns - 1 and not self.rows.keeps_rows

    def _turned_blocks(self) -> Iterator[tuple[int, int, Array]]:
        """Yield blocks as `_raw_blocks` does, but the constant's scores last; in place: one block stays in cache."""
        for start, stop, block in self.rows.blocks():
            residuals = self._residuals(start, stop, block)
            np.multiply(block[:, :-1].T, residuals, out=block[:, :-1].T)
            if self.constant is None:
                yield start, stop, block[:, :-1]
            else:
                constant = self.constant if isinstance(self.constant, float) else self.constant[start:stop]
                np.multiply(residuals, constant, out=block[:, -1])
                yield start, stop, block

    def gram(self) -> Array:
        r"""Return :math:`\sum_i s_i s_i'` in the orthonormal basis, every row its own group (White 1980)."""
        gram = self._gram_by_levels()
        if gram is None:
            (gram,) = self.rows.summed(self._gram_of_blocks)
        return gram

    def _gram_by_levels(self) -> Array | None:
        """The same from sums by level; None for other rows, and where rounding would be felt."""
        rows = self._factor_rows
        if rows is None:
            return None
        own, constant = self._multipliers(rows)
        products, size = rows.squared(np.square(own))
        if not keeps_digits(products[:-1, :-1], size[:-1], self.basis):
            return None
        lead = self.size - len(self.kept)
        gram = np.empty((self.size, self.size))
        gram[lead:, lead:] = self.basis.T @ products[:-1, :-1] @ self.basis
        if lead:
            gram[0, 0] = constant @ constant
            gram[0, 1:] = gram[1:, 0] = rows.along(constant * own)[:-1] @ self.basis
        return gram

    @property
    def _factor_rows(self) -> FactorRows | None:
        """The rows, if their products are sums by level and every regressor is in use."""
        return self.rows if isinstance(self.rows, FactorRows) and len(self.kept) == self.rows.n_columns - 1 else None

    def _multipliers(self, rows: FactorRows) -> tuple[Array, Array]:
        """What rows without the root of their weights, and one, are multiplied by to be scores."""
        residuals = rows.residuals(self.coefficients)
        if self.multiplier is not None:
            residuals *= self.multiplier
        own = residuals if rows.weights is None else residuals * np.sqrt(rows.weights)
        return own, residuals * (0.0 if self.constant is None else self.constant)

    def meats(self, groupings: Sequence[Grouping]) -> list[Array]:
        """Return, for each grouping, the sum of the outer products of the scores summed within its groups."""
        found = [self._meat_by_levels(grouping) for grouping in groupings]
        missing = [grouping for grouping, meat in zip(groupings, found, strict=True) if meat is None]
        others = iter([summed.T @ summed for summed in self.sums(missing)] if missing else [])
        return [next(others) if meat is None else meat for meat in found]

    def _meat_by_levels(self, grouping: Grouping) -> Array | None:
        """The same from sums by level and group; None for other rows, and where rounding would be felt."""
        rows = self._factor_rows
        products = None if rows is None else rows.clustered(grouping, *self._multipliers(rows))
        if products is None:
            return None
        sums, size = products
        if not keeps_digits(sums[1:-1, 1:-1], size[1:-1], self.basis):
            return None
        lead = self.size - len(self.kept)
        turn = np.zeros((len(sums), self.size))
        turn[0, :lead], turn[1:-1, lead:] = 1.0, self.basis
        meat: Array = turn.T @ sums @ turn
        return meat

    def _gram_of_blocks(self) -> list[Array]:
        products = CrossProducts(self.size, BLOCK_ROWS)
        for start, stop, block in self._raw_blocks():
            self._orthonormal(block, products.room(stop - start))
            products.update()
        return [products.sum]

    def sums(self, groupings: Sequence[Grouping]) -> list[Array]:
        """Return, for each grouping, the scores summed within its groups, shape (G, size), in the orthonormal basis.

        One pass over the rows serves all groupings.
        """
        in_place = self._in_place
        if in_place and len(groupings) == 1:
            summed = self._sums_by_own_groups(groupings[0])
            if summed is not None:
                return [summed]
        sums = self.rows.summed(partial(self._sums_of_blocks, groupings))
        for out in sums:
            self._turn_rows(out)
        return sums

    def _turn_rows(self, sums: Array) -> None:
        """Bring sums to the orthonormal basis, in place."""
        # A piece at a time, in its own memory: fresh pages would cost more than the product.
        for begin in range(0, len(sums), _PIECE_ROWS):
            piece = sums[begin : begin + _PIECE_ROWS]
            piece[...] = piece @ self._turn if self._in_place else self._orthonormal(piece)

    @property
    def _turn(self) -> Array:
        """The map from scores with the constant's last, if there is one, to the orthonormal basis, (size, size)."""
        lead, k = self.size - len(self.kept), len(self.kept)
        turn = np.zeros((self.size, self.size))
        turn[:k, lead:] = self.basis
        turn[k:, :lead] = 1.0
        return turn

    def _sums_by_own_groups(self, grouping: Grouping) -> Array | None:
        r"""Return the sums within the groups whose means were subtracted, from regressors about one number each.

        The residuals of a group add up to zero, so that :math:`\sum_t (x_t - \bar x) e_t = \sum_t (x_t - c) e_t` for
        any c, and only the residuals need their group's mean. None for other groups, and where rounding would be felt.
        """
        rows, k, size = self.rows, len(self.kept), self.size
        if not isinstance(rows, DemeanedRows) or rows.groupings[0] is not grouping or self.multiplier is not None:
            return None
        if rows.origin is None:
            return None
        if not isinstance(self.constant, np.ndarray):
            stored = stored_rows(rows.columns, grouping, rows.weights)
            if stored is not None:
                return self._sums_as_stored(stored, rows.tables[0], rows.origin)
        plain = TransformedRows(rows.columns, shift=rows.origin, weights=rows.weights)
        contrast, turn, mass = np.append(-self.coefficients, 1.0), self._turn, grouping.mass(rows.weights)
        out = np.empty((grouping.n_groups, size))
        scratch = np.empty(rows.n_columns * rows_together(rows.n_columns))
        for first, last, start, stop in rows.whole_groups():
            lines = scratch[: (stop - start) * rows.n_columns].reshape(rows.n_columns, -1)
            plain.fill(start, stop, lines.T)
            residuals = (contrast @ lines)[None, :]
            root = 1.0 if rows.weights is None else np.sqrt(rows.weights[start:stop])
            level = grouping.sums_of_lines(residuals * root, first, last) / mass[first:last]
            residuals -= grouping.repeated(level, first, last) * root
            lines[:k] *= residuals
            if self.constant is not None:
                constant = self.constant if isinstance(self.constant, float) else self.constant[start:stop]
                np.multiply(residuals[0], constant, out=lines[k])
            np.dot(grouping.sums_of_lines(lines[:size], first, last).T, turn, out=out[first:last])
        return out

    def _sums_as_stored(self, rows: StoredRows, means: Array, origin: Array) -> Array:
        r"""Return these sums from rows in the order in which they are stored; those of the constant are zero.

        The means have been rounded, which is felt far from zero: residuals less their combination :math:`l` add up to
        :math:`\delta_g T_g`, and :math:`\sum_t (x_t - c)(r_t - l - \delta_g) = \sum_t (x_t - c)(r_t - l) - \delta_g
        T_g (\bar x - c)`.
        """
        groups, k = rows.groups.n_groups, len(self.kept)
        contrast, levels = np.append(-self.coefficients, 1.0), np.zeros(groups)
        for times, table, number in zip(contrast, means.T, origin, strict=True):
            levels += times * (table - number)
        left, out = np.zeros(groups), np.zeros((groups, self.size), order="F")
        kept, scratch = np.empty(rows.piece), np.empty(max(rows.piece, (k + 1) * STORED_BLOCK))
        for start, stop, codes in rows.pieces():
            residuals, scores = kept[: stop - start], scratch[: stop - start]
            for first, last, block in rows.blocks(
                start, stop, origin, lambda count: scratch[: count * (k + 1)].reshape(k + 1, -1).T
            ):
                np.dot(block, contrast, out=residuals[first - start : last - start])
            residuals -= levels.take(codes, out=scores, mode="clip")
            left += np.bincount(codes, residuals, groups)
            for column, number, sums in zip(rows.columns[:-1], origin[:-1], out.T[:k], strict=True):
                np.subtract(column[start:stop], number, out=scores)
                scores *= residuals
                sums += np.bincount(codes, scores, groups)
        for table, number, sums in zip(means.T[:-1], origin[:-1], out.T[:k], strict=True):
            sums -= left * (table - number)
        self._turn_rows(out)
        return out

    def _sums_of_blocks(self, groupings: Sequence[Grouping]) -> list[Array]:
        """Return sums within groups, of scores as they are before they are turned."""
        sums = [np.zeros((grouping.n_groups, self.size), order=grouping.order_of_sums) for grouping in groupings]
        for start, stop, block in self._turned_blocks() if self._in_place else self._raw_blocks():
            for grouping, out in zip(groupings, sums, strict=True):
                grouping.add_sums(block, start, stop, out)
        return sums


class Influences(NamedTuple):
    """Scores that are rows of an array (n, p): what each row adds to the coefficients themselves."""

    values: Array

    @property
    def size(self) -> int:
        """Columns of a score."""
        return int(self.values.shape[1])

    def blocks(self) -> Iterator[tuple[int, int, Array]]:
        """Yield all of them at once."""
        yield 0, len(self.values), self.values

    def gram(self) -> Array:
        """Return the sum of their outer products."""
        gram: Array = self.values.T @ self.values
        return gram

    def sums(self, groupings: Sequence[Grouping]) -> list[Array]:
        """Return, for each grouping, their sums within its groups."""
        return [grouping.sums_of(self.values) for grouping in groupings]

    def meats(self, groupings: Sequence[Grouping]) -> list[Array]:
        """Return, for each grouping, the sum of the outer products of their sums within its groups."""
        return [summed.T @ summed for summed in self.sums(groupings)]


def leverage(rows: TransformedRows, kept: NDArray[np.intp], inverse_r: Array) -> Array:
    r"""Return :math:`\tilde x_i' (\tilde X'\tilde X)^{-1} \tilde x_i` of each transformed row, shape (n,)."""
    out = np.empty(rows.n_rows)
    for start, stop, block in rows.blocks():
        scaled = block[:, kept] @ inverse_r
        np.einsum("ij,ij->i", scaled, scaled, out=out[start:stop])
    return out
