"""Rows of a model with two crossed random effects: GLS at once, a root of the covariance matrix when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.base.arrays import Array
from panelvar.kernels.crossed_equations import Crossing
from panelvar.kernels.crossed_root import CrossedRoot
from panelvar.kernels.qr import triangularize
from panelvar.kernels.refinement import ExtendedArray, Products, cross_products
from panelvar.kernels.rows import TransformedRows


class CrossedRows(TransformedRows):
    r"""Rows :math:`\Omega^{-1/2}v`, whose cross products are known before they are made.

    Coefficients need :math:`v'\Omega^{-1}w` alone, the cross products of the rows :math:`\Omega^{-1}v` with penalty
    rows under them (`panelvar.kernels.crossed_equations`). The symmetric root, some thirty times that work, is made at
    the first look at a row.

    Robust covariances take these rows and not scores :math:`(\Omega^{-1}x)_{it}u_{it}`, though those need no root:
    under the model the transformed errors are uncorrelated, whereas :math:`u_{it}` of different entities share
    :math:`\lambda_t`, whose part cancels in the sum of all scores but not in the sum of their squares.

    Parameters
    ----------
    columns : sequence of (n,) arrays
        The regressors and, last, the dependent variable.
    crossing : Crossing
        The two effects.
    ratios : (2,) array
        Their variances over the idiosyncratic one, in the order of the crossing's groupings.
    near : (k + 1,) array
        Subtracted from the columns first, so that their level costs no digits: their means; zeros without a constant.
    constant : bool
        Whether the model has a constant, to which the rows are then orthogonal.
    level_means : two (G_d, k + 1) arrays, optional
        Means of the columns over either effect, in the order of the groupings, if they are there already.

    Attributes
    ----------
    equations : CrossedEquations
        At these ratios.
    centre : (k + 1,) array
        m, the coefficient of each column on the constant under :math:`\Omega^{-1}`; zeros without one.
    constant_mass : float
        :math:`1'\Omega^{-1}1`.
    """

    __slots__ = (
        "_inverse",
        "_lead",
        "_levels",
        "_penalty",
        "centre",
        "constant_mass",
        "crossing",
        "equations",
        "ratios",
    )

    def __init__(
        self,
        columns: Sequence[Array],
        crossing: Crossing,
        ratios: Array,
        near: Array,
        *,
        constant: bool,
        level_means: Sequence[Array] | None = None,
    ) -> None:
        super().__init__(columns, groupings=crossing.groupings)
        self.slopes = (None, None)
        self.crossing = crossing
        self.ratios = ratios
        self.equations = crossing.equations(ratios)
        if level_means is None:
            means, sums = crossing.levels_of(columns, near)
        else:
            means, sums = crossing.levels_from(level_means, near)
        ones = crossing.constant_levels
        if constant:
            means, sums = np.column_stack((ones[0], means)), np.column_stack((ones[1], sums))
        large, small = self.equations.solve(means, sums)
        self.centre, self.constant_mass = near, 0.0
        if constant:
            along = self.equations.total(large, small, means)
            self.constant_mass = float(along[0])
            gap = along[1:] / along[0]
            self.centre = near + gap
            for table in (large, small, means, sums):
                table[:, 1:] -= table[:, :1] * gap
            self.shift = self.centre
        self._lead = int(constant)
        self._levels = means, sums
        self._penalty = self.equations.penalty_rows(large, small)
        self._inverse = crossing.ordered(large, small)

    def triangle(self) -> Array:
        """Return the R factor, shape (k + 1, k + 1), of all rows, from the inverse and the penalty rows."""
        tables = [np.asfortranarray(table[:, self._lead :]) for table in self._inverse]
        inverse = TransformedRows(self.columns, shift=self.shift, groupings=self.groupings, tables=tables)
        stack = np.vstack((inverse.triangle(), self._penalty[:, self._lead :]))
        return triangularize(np.asfortranarray(stack))

    @property
    def tables(self) -> tuple[Array, ...]:
        """The level tables of the symmetric root."""
        if not self._tables:
            first, second = CrossedRoot(self.crossing, self.ratios).tables(*self._levels)
            if self._lead:
                one, two = self.groupings
                self._constant = 1.0 - first[one.codes, 0] - second[two.codes, 0]
            self._tables = tuple(np.asfortranarray(table[:, self._lead :]) for table in (first, second))
        return self._tables

    @property
    def constant(self) -> Array | float | None:
        """The transformed constant."""
        return self._constant if self.tables else None

    def products(self) -> Products:
        """Return the cross products of ``[X, y]`` in extended precision, with the constant first if there is one."""
        columns = list(self.columns)
        tables: list[tuple[NDArray[Any] | None, Array]] = [
            (grouping.codes, table) for grouping, table in zip(self.groupings, self._inverse, strict=True)
        ]
        if self._lead:
            columns.insert(0, np.broadcast_to(1.0, self.n_rows))
            tables.append((None, np.insert(self.centre, 0, 0.0)[None, :]))
        data = cross_products(columns, tables)
        penalty = cross_products(list(self._penalty.T)) if len(self._penalty) else None

        def both(mapping: ExtendedArray) -> tuple[ExtendedArray, ExtendedArray]:
            cross, squares = data(mapping)
            if penalty is not None:
                more, added = penalty(mapping)
                cross, squares = cross + more, squares + added
            return cross, squares

        return both

    def predictions(self, residuals: Array) -> tuple[Array, Array]:
        r"""Return the best linear unbiased predictions of both effects, :math:`\phi_d D_d'\Omega^{-1}e`.

        Parameters
        ----------
        residuals : (n,) array
            Of the untransformed rows, effects not taken out.
        """
        first, second = self.crossing.ordered(*self.equations.solve(*self.crossing.levels_of([residuals], np.zeros(1))))
        return first[:, 0], second[:, 0]
