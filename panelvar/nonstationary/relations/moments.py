r"""Regressions of cointegrating relations: entities of one length side by side, in a form that pools.

Of an entity's relation :math:`y_t = d_t'\delta + x_t'\beta + u_{1t}` with :math:`\Delta x_t` less its own terms
:math:`= u_{2t}`, each estimator is least squares of columns that it modifies, less a shift of the regressors' products:

.. math:: \begin{pmatrix} \delta \\ \beta \end{pmatrix} = (Z'Z)^{-1}
   \Big( Z'y^\ast - \begin{pmatrix} 0 \\ \sigma \end{pmatrix} \Big), \qquad Z = (d, x^\ast)

with covariance :math:`\omega (Z'Z)^{-1}`, :math:`\omega` the long-run variance of what is left of the error. Slopes
that entities share come from what terms leave of :math:`x^\ast` and :math:`y^\ast`: the last rows of the triangles.

References: Phillips and Hansen (1990), Review of Economic Studies 57, 99-125; Hansen (1992), Journal of Business and
Economic Statistics 10, 321-335; Park (1992), Econometrica 60, 119-143; Saikkonen (1992), Econometric Theory 8, 1-27;
Stock and Watson (1993), Econometrica 61, 783-820.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import NumericalError
from panelvar.kernels.linear.long_run import LongRunCovariance, long_run_covariance, prewhitened_covariance
from panelvar.kernels.linear.unit_regressions import stacked_triangles
from panelvar.nonstationary.panel_series.terms import detrend


@dataclass(frozen=True, eq=False)
class Stack:
    """Entities of one length.

    Attributes
    ----------
    places : (n,) integer array
        Which entities of the panel.
    y : (n, T) array
    x : (n, T, m) array
    terms : (n, T, d) array
        Powers of the entity's time.
    """

    places: Positions
    y: Array
    x: Array
    terms: Array

    @property
    def powers(self) -> int:
        """Number of terms, d."""
        return int(self.terms.shape[2])

    def take(self, rows: Positions) -> Stack:
        """Some of the entities."""
        return Stack(self.places[rows], self.y[rows], self.x[rows], self.terms[rows])


@dataclass(frozen=True, eq=False)
class LongRunChoices:
    """How long-run covariances are estimated: the arguments of `panelvar.kernels.linear.long_run`."""

    kernel: str
    bandwidth: float | str
    prewhiten: bool = False

    def __call__(self, series: Array) -> LongRunCovariance:
        """Long-run covariances of stacks (..., n, k)."""
        estimate = prewhitened_covariance if self.prewhiten else long_run_covariance
        return estimate(series, self.kernel, self.bandwidth)


class RelationMoments(NamedTuple):
    r"""Triangles of N entities' regressions, and what else their slopes and errors take.

    Attributes
    ----------
    triangles : (N, d + m + 1, d + m + 1) array
        R of :math:`(d, x^\ast, y^\ast)`, after what else each entity regresses on.
    shifts : (N, m) array
        :math:`\sigma`.
    variances : (N,) array
        :math:`\omega`.
    bandwidths : (N,) array
    rows, columns : (N,) integer arrays
        Rows of each regression, and its coefficients.
    meats : (N, d + m, d + m) array, optional
        Long-run covariances of the scores of d and x, times the rows.
    """

    triangles: Array
    shifts: Array
    variances: Array
    bandwidths: Array
    rows: Positions
    columns: Positions
    meats: Array | None = None

    @property
    def m(self) -> int:
        """Number of regressors."""
        return int(self.shifts.shape[1])

    @property
    def d(self) -> int:
        """Number of terms."""
        return int(self.triangles.shape[1] - 1 - self.m)

    @property
    def slope_triangles(self) -> Array:
        """R of what terms leave of the regressors and y, (N, m + 1, m + 1)."""
        return self.triangles[:, self.d :, self.d :]

    def own_slopes(self) -> Array:
        """Each entity's slopes (N, m).

        Raises
        ------
        NumericalError
            Some are beyond the range of numbers.
        """
        inner = self.slope_triangles[:, : self.m, :]
        with np.errstate(over="ignore", invalid="ignore"):
            pull = np.linalg.solve(inner[..., : self.m].swapaxes(1, 2), self.shifts[..., None])
            slopes = np.asarray(np.linalg.solve(inner[..., : self.m], inner[..., self.m :] - pull)[..., 0])
        if not np.isfinite(slopes).all():
            raise NumericalError(
                "Slopes of an entity leave the range of numbers. Rescale the columns, or look for outliers."
            )
        return slopes

    def terms_at(self, slopes: Array) -> Array:
        """Each entity's coefficients of the terms, given slopes (m,) or (N, m); (N, d)."""
        top = self.triangles[:, : self.d, :]
        right = top[..., -1:] - top[..., self.d : -1] @ slopes[..., None]
        return np.asarray(np.linalg.solve(top[..., : self.d], right)[..., 0])

    def corrected(self, *, shared: bool) -> RelationMoments:
        """Divide by rows less coefficients in place of rows: each entity's, or all where slopes are shared."""
        rows, columns = self.rows, self.columns
        if shared:
            rows, columns = rows.sum(keepdims=True), (columns - self.m).sum(keepdims=True) + self.m
        factor = np.broadcast_to(rows / (rows - columns), len(self.rows))
        meats = None if self.meats is None else factor[:, None, None] * self.meats
        return self._replace(variances=factor * self.variances, meats=meats)

    def own_covariances(self) -> Array:
        """Covariances of each entity's own terms and slopes, (N, d + m, d + m)."""
        r = self.triangles[:, :-1, :-1]
        inverse = np.linalg.solve(r, np.broadcast_to(np.eye(r.shape[-1]), r.shape))
        # Whoever takes them refuses what leaves the range of numbers, and names the coefficient.
        with np.errstate(over="ignore", invalid="ignore"):
            bread = inverse @ inverse.swapaxes(1, 2)
            if self.meats is None:
                return self.variances[:, None, None] * bread
            return np.asarray(bread @ self.meats @ bread)

    def levels(self) -> Array:
        """Size of each term and regressor beside what those before it leave of it, (N, d + m)."""
        r = self.triangles[:, :-1, :-1]
        return np.asarray(np.sqrt(np.square(r).sum(axis=1)) / np.abs(r.diagonal(axis1=1, axis2=2)))

    def slope_meats(self) -> Array:
        """The meats of what terms leave of the regressors, (N, m, m)."""
        assert self.meats is not None
        top = self.triangles[:, : self.d, :-1]
        own = np.linalg.solve(top[..., : self.d], top[..., self.d :])
        left = np.concatenate((-own, np.broadcast_to(np.eye(self.m), (len(own), self.m, self.m))), axis=1)
        return np.asarray(left.swapaxes(1, 2) @ self.meats @ left)


def without_terms(values: Array, powers: int) -> Array:
    """What a polynomial of time leaves of series (n, T) or (n, T, k), each by itself."""
    if powers == 0:
        return values
    if values.ndim == 2:
        return detrend(values, powers)
    sideways = values.swapaxes(1, 2)
    left = detrend(sideways.reshape(-1, sideways.shape[2]), powers)
    return left.reshape(sideways.shape).swapaxes(1, 2)


def plain_moments(triangles: Array, m: int, rows: int, coefficients: int) -> RelationMoments:
    """Least squares as it is: nothing shifts it, and long-run variances are not known."""
    n = len(triangles)
    none = np.full(n, np.nan)
    return RelationMoments(triangles, np.zeros((n, m)), none, none, np.full(n, rows), np.full(n, coefficients))


def least_squares_moments(stack: Stack) -> RelationMoments:
    """Least squares of y on terms and regressors: the first stage."""
    triangles = stacked_triangles(np.concatenate((stack.terms, stack.x, stack.y[..., None]), axis=2))
    _, periods, m = stack.x.shape
    return plain_moments(triangles, m, periods, stack.powers + m)
