r"""Least squares of a vector autoregression some of whose coefficients are zero.

Equations have different regressors, so that generalised least squares differs from ordinary. From the triangle R of
[X, Y] (`panelvar.kernels.dynamics.lag_problem`) and :math:`\Sigma = P P'`, the free coefficients b of vec B solve

.. math:: \min_b \bigl\lVert (P^{-1} \otimes I)\,\mathrm{vec}(R_{12} - R_{11} B) \bigr\rVert, \qquad
    \mathrm{Var}\,\hat b = (H'H)^{-1}, \quad H = (P^{-1} \otimes R_{11})_{\text{free}}

(Luetkepohl 2005, chapter 5), a problem of K m rows whatever the length of the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.errors import NumericalError
from panelvar.kernels.dynamics.lag_problem import LagProblem, Refits, freeze, lower_factor
from panelvar.kernels.dynamics.unit_free_solves import lower_inverse

_STEPS = 500
_TOLERANCE = 1e-13


def restricted_least_squares(top: Array, right: Array, root: Array, free: Mask) -> tuple[Array, Array]:
    """Coefficients (..., m, K) under zero restrictions and directions (..., q, m, K) whose squares are their variances.

    Parameters
    ----------
    top, right : array (..., m, m) and (..., m, K)
        R11 and R12.
    root : array (..., K, K)
        Lower P with P P' = sigma; the identity gives ordinary least squares (and its variances for unit sigma).
    free : array of bool (m, K)
        Coefficients that are estimated.

    Raises
    ------
    NumericalError
        The root has no inverse, or the regressors of an equation are collinear to the last digit.
    """
    m, n_vars = free.shape
    equations, rows = np.nonzero(free.T)
    try:
        whiten = lower_inverse(root)
    except np.linalg.LinAlgError:
        raise NumericalError(
            "The residual covariance is singular, because an equation fits exactly. Feasible GLS weighs equations by "
            "the inverse of this covariance; method='ols' does not need it."
        ) from None
    # Column c belongs to coefficient `rows[c]` of equation `equations[c]`; rows are (equation, row of R).
    columns = whiten[..., :, None, equations] * top[..., None, :, rows]
    design = columns.reshape(*columns.shape[:-3], n_vars * m, len(rows))
    target = (right @ whiten.swapaxes(-1, -2)).swapaxes(-1, -2).reshape(*right.shape[:-2], n_vars * m, 1)
    basis, triangle = np.linalg.qr(design)
    try:
        inverse = np.linalg.solve(triangle, np.broadcast_to(np.eye(len(rows)), triangle.shape))
    except np.linalg.LinAlgError:
        raise NumericalError(
            "The regressors of the equations are linearly dependent once the equations are weighed by the inverse of "
            "the residual covariance. Remove a variable, or use fewer lags or deterministic terms."
        ) from None
    solution = inverse @ (basis.swapaxes(-1, -2) @ target)
    params = np.zeros((*right.shape[:-2], m, n_vars))
    params[..., rows, equations] = solution[..., 0]
    directions = np.zeros((*right.shape[:-2], len(rows), m, n_vars))
    directions[..., rows, equations] = inverse.swapaxes(-1, -2)
    return params, directions


@dataclass(frozen=True, eq=False)
class RestrictedLagProblem(LagProblem):
    """A lag problem with zero restrictions.

    Parameters
    ----------
    free : array of bool (m, K)
        Coefficients that are estimated.
    method : {"fgls", "ols", "ml"}
        Feasible GLS with the unrestricted residual covariance, ordinary least squares equation by equation, or GLS
        iterated until it is maximum likelihood.
    """

    free: Mask = None  # type: ignore[assignment]
    method: str = "fgls"

    @property
    def restriction(self) -> str:
        """What is restricted, in words."""
        return "Coefficients at zero"

    @property
    def counts(self) -> npt.NDArray[np.intp]:
        """Coefficients estimated in each equation, (K,)."""
        return np.asarray(self.free.sum(axis=0))

    @property
    def df_resid(self) -> int:
        """Rows less the average number of coefficients of an equation, rounded down."""
        return int(self.nobs - np.ceil(self.counts.mean()))

    @property
    def degrees(self) -> npt.NDArray[np.intp]:
        """Residual degrees of freedom of each equation, (K,)."""
        return self.nobs - self.counts

    @property
    def n_free(self) -> int:
        """Coefficients estimated in all equations together."""
        return int(self.free.sum())

    def residual_covariance(self, kind: str) -> Array:
        """U'U over the rows, or over the geometric mean of two equations' degrees of freedom."""
        factor = self.scatter_factor
        products = np.sqrt(np.outer(self.degrees, self.degrees)) if kind == "df" else self.nobs
        return freeze(np.asarray(factor @ factor.T / products))

    @cached_property
    def _solved(self) -> tuple[Array, Array]:
        """Coefficients and the residual triangle, stacked for the covariance."""
        m = self.n_regressors
        params, scatter = self._solve(self.factor[:m, :m], self.factor[:m, m:], self.factor[m:, m:])
        return params, scatter

    def _solve(self, top: Array, right: Array, corner: Array) -> tuple[Array, Array]:
        """Coefficients and lower factors of U'U, of one triangle or a batch."""
        n_vars = self.n_vars
        eye = np.broadcast_to(np.eye(n_vars), (*right.shape[:-2], n_vars, n_vars))
        root = eye if self.method == "ols" else lower_factor(corner)
        params, _ = restricted_least_squares(top, right, root, self.free)
        scatter = self._scatter(top, right, corner, params)
        if self.method == "ml":
            # In units of the regressors and of what they explain.
            below = np.einsum("...ij,...ij->...j", corner, corner)
            explained = np.sqrt(np.einsum("...ij,...ij->...j", right, right) + below)
            sizes = np.sqrt(np.einsum("...ij,...ij->...j", top, top))[..., :, None] / explained[..., None, :]
            for _ in range(_STEPS):
                again, _ = restricted_least_squares(top, right, scatter, self.free)
                moved = np.abs((again - params) * sizes).max()
                params, scatter = again, self._scatter(top, right, corner, again)
                if moved <= _TOLERANCE * np.abs(params * sizes).max():
                    break
        return params, scatter

    @staticmethod
    def _scatter(top: Array, right: Array, corner: Array, params: Array) -> Array:
        below = np.broadcast_to(corner, (*right.shape[:-2], *corner.shape[-2:]))
        return lower_factor(np.linalg.qr(np.concatenate([right - top @ params, below], axis=-2))[1])

    @cached_property
    def params(self) -> Array:
        """Coefficients (m, K), zero where restricted."""
        return self._solved[0]

    @cached_property
    def scatter_factor(self) -> Array:
        """Lower factor of U'U."""
        return self._solved[1]

    def directions(self, factor: Array, spread: Array | None = None) -> Array:
        """Directions (q, m, K) whose squares add up to the coefficients' covariance for sigma = factor factor'."""
        m = self.n_regressors
        top, right = self.factor[:m, :m], self.factor[:m, m:]
        if self.method != "ols":
            return restricted_least_squares(top, right, factor, self.free)[1]
        # Equation by equation: the covariance between equations i and j is sigma_ij times A_i X_i'X_j A_j.
        _, own = restricted_least_squares(top, right, np.eye(self.n_vars), self.free)
        whitened = np.einsum("qmk,qnk->kmn", own, own) @ top.T
        out: Array = np.einsum("kmr,kj->rjmk", whitened, factor)
        return out.reshape(-1, m, self.n_vars)

    def influence(self) -> Array:
        r"""What each row adds to the coefficients, equation by equation, (n, K m); zero where they are restricted.

        With P the root of the sigma that weighs the equations, the estimates solve
        :math:`\sum_t (\Sigma^{-1} u_t \otimes x_t)_{\text{free}} = 0`, so a row adds
        :math:`(H'H)^{-1} (\Sigma^{-1} u_t \otimes x_t)_{\text{free}}`.
        """
        m = self.n_regressors
        top, right, corner = self.factor[:m, :m], self.factor[:m, m:], self.factor[m:, m:]
        roots = {"ols": np.eye(self.n_vars), "fgls": lower_factor(corner), "ml": self.scatter_factor}
        whiten = lower_inverse(roots[self.method])
        moves = restricted_least_squares(top, right, roots[self.method], self.free)[1]
        weighed = self.residuals @ whiten.T @ whiten
        along = np.einsum("qmk,tm,tk->tq", moves, self.design[:, :m], weighed, optimize=True)
        influence: Array = np.einsum("tq,qmk->tkm", along, moves, optimize=True)
        return influence.reshape(self.nobs, -1)

    def refit(self, innovations: Array, params: Array | None = None, beside: Array | None = None) -> Refits:
        """Refit, under the same restrictions, on data generated recursively from other innovations."""
        m = self.n_regressors
        refits = super().refit(innovations, params, beside)
        # Data sets of an explosive system leave the range of numbers: whoever reads the draws says so.
        with np.errstate(over="ignore", invalid="ignore"):
            top = refits.triangle.swapaxes(1, 2) @ self.factor[:m, :m]
            restricted, scatter = self._solve(top, top @ refits.params, refits.scatter_factor.swapaxes(1, 2))
        return refits.corrected(self, restricted, scatter, refits.params - restricted)
