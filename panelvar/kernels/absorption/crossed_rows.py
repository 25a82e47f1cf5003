r"""Rows of generalised least squares with two crossed random effects, and the symmetric root behind them.

The equations behind them, and what the letters stand for, are in `panelvar.kernels.absorption.crossed_effects`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.kernels.absorption.crossed_effects import Crossing
from panelvar.kernels.linear.columns import Column
from panelvar.kernels.linear.moments import quasi_demeaning_weight
from panelvar.kernels.linear.qr import triangularize
from panelvar.kernels.linear.refinement import ExtendedArray, Products, cross_products
from panelvar.kernels.linear.rows import TransformedRows


class CrossedRows(TransformedRows):
    r"""Rows :math:`\Omega^{-1/2}v`, whose cross products are known before they are made.

    Coefficients need :math:`v'\Omega^{-1}w` alone, the cross products of the rows :math:`\Omega^{-1}v` with penalty
    rows under them. The symmetric root, some thirty times that work, is made at the first look at a row.

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

    def __init__(
        self,
        columns: Sequence[Column],
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
            first, second = symmetric_root(self.crossing, self.ratios, *self._levels)
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


_DIGITS = 1e-16
"""What the quadrature of the root may leave out."""


def symmetric_root(crossing: Crossing, ratios: Array, means: Array, sums: Array) -> tuple[Array, Array]:
    r"""Return the level tables that the symmetric root :math:`\Omega^{-1/2}` subtracts, in the order of the groupings.

    Any orthogonal matrix times a root is a root too, and changes robust covariances; the symmetric one is what the data
    alone define, whatever the order of rows, labels and effects. On a balanced panel it is quasi-demeaning in both
    directions (Baltagi 2013, chapter 3). On an unbalanced one

    .. math:: \Omega^{-1/2} = \frac2\pi\int_0^\infty (t^2I + \Omega)^{-1}\,dt
        \approx \sum_j w_j\,(t_j^2I + \Omega)^{-1},

    and :math:`t^2I + \Omega` is :math:`1 + t^2` times a matrix of the same kind with ratios :math:`\phi_d/(1 + t^2)`.
    The nodes and weights make the error fall as :math:`\exp(-2\pi^2 J/(\log\kappa + 3))` (Hale, Higham and Trefethen
    2008, SIAM J. Numerical Analysis 46, 2505-2523, method 3): some thirty nodes for every digit. As
    :math:`Rv = v - a_{1,i} - a_{2,t}`, only tables are added up.

    Parameters
    ----------
    crossing : Crossing
    ratios : (2,) array
        Variance of each effect over the idiosyncratic variance, in the order of the groupings.
    means : (G_1, k) array
        Of the columns over the larger effect.
    sums : (G_2, k) array
        Over the smaller one.
    """
    system = crossing.system
    if system.is_balanced:
        # Quasi-demeaning in both directions, the grand mean given back.
        mass = np.array([system.large_mass[0], system.small_mass[0]])
        own = np.array(crossing.ordered(*ratios))
        theta = quasi_demeaning_weight(1.0, own, mass)
        both = 1.0 - (1.0 + float(mass @ own)) ** -0.5
        large: Array = theta[0] * means
        small = theta[1] * (sums / mass[1]) + (both - theta[0] - theta[1]) * means.mean(axis=0)
    else:
        large, small = np.zeros_like(means), np.zeros_like(sums)
        for squared, weight in zip(*_quadrature(crossing, ratios), strict=True):
            first, second = crossing.equations(ratios / (1.0 + squared)).solve(means, sums)
            large += weight * first
            small += weight * second
    return crossing.ordered(np.asfortranarray(large), np.asfortranarray(small))


def _quadrature(crossing: Crossing, ratios: Array) -> tuple[Array, Array]:
    """Squares of the nodes t and weights ``w / (1 + t^2)``, for eigenvalues from 1 to a bound of the largest."""
    # With t = sc(u, k') and k^2 = 1 / bound, the midpoint rule over (0, K(k')).
    from scipy.special import ellipj, ellipkm1

    masses = crossing.ordered(crossing.system.large_mass, crossing.system.small_mass)
    bound = 1.0 + sum(float(phi * mass.max()) for phi, mass in zip(ratios, masses, strict=True))
    nodes = 2 + math.ceil(-math.log(_DIGITS) * (math.log(bound) + 3.0) / (2.0 * math.pi**2))
    period = float(ellipkm1(1.0 / bound))
    sn, cn, dn, _ = ellipj((np.arange(nodes) + 0.5) * (period / nodes), 1.0 - 1.0 / bound)
    squared = np.square(sn / cn, dtype=np.float64)
    return squared, (2.0 * period / (math.pi * nodes)) * dn / (cn**2 * (1.0 + squared))
