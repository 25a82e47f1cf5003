r"""Maximum likelihood of a vector error-correction model, seen as a vector autoregression of reduced rank.

.. math:: \Delta y_t = \alpha\beta' z_{t-1} + \sum_{j=1}^{p-1} \Gamma_j \Delta y_{t-j} + \Phi d_t + u_t

with :math:`z_{t-1}` the levels and, in some cases, a constant or a trend that is confined to the relations. The
regressors are the levels model's in other coordinates, :math:`[Z_2, Z_1] = X N` with N of zeros and ones of either
sign; the levels model's coefficients are :math:`B = N \Phi + E`, where E is one at each variable's own first lag. The
triangle is that of the differenced rows themselves: differencing the triangle of the levels would lose the digits
that levels and differences do not share.

References: Johansen (1995), chapter 6; Luetkepohl (2005), section 7.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError
from panelvar.kernels.dynamics.lag_problem import LagProblem, Refits, lower_factor
from panelvar.kernels.dynamics.unit_free_solves import lower_solve
from panelvar.nonstationary.cointegration import reduced_rank

_UNRESOLVED = 64.0 * float(np.finfo(np.float64).eps) ** 0.5
"""What a factor made from cross products may hold in the place of zero, against the length of its row."""


@dataclass(frozen=True, eq=False)
class VecmProblem(LagProblem):
    """A lag problem whose long-run matrix has a rank.

    Parameters
    ----------
    rank : int
        Rank r of the matrix of the levels, 0 to K.
    confined : tuple of int
        Columns of the design's deterministic terms that enter the relations only: none, the constant in column 0, or
        the trend in column 1, taken at t - 1 like the levels.
    """

    rank: int = 0
    confined: tuple[int, ...] = ()

    @property
    def restriction(self) -> str:
        """What is restricted, in words."""
        return "The rank of the long-run matrix"

    @property
    def n_levels(self) -> int:
        """Variables of a relation, q: the levels and what is confined to relations."""
        return self.n_vars + len(self.confined)

    @property
    def n_short(self) -> int:
        """Regressors beside the relations, in each equation."""
        return self.n_regressors - self.n_levels

    @property
    def df_resid(self) -> int:
        """Rows less the regressors of an equation, the r relations counted as one each."""
        return self.nobs - self.n_short - self.rank

    @property
    def n_free(self) -> int:
        """Free parameters: K (r + regressors beside the relations) and r (q - r) of the relations."""
        return self.n_vars * (self.n_short + self.rank) + self.rank * (self.n_levels - self.rank)

    @property
    def n_lag_parameters(self) -> int:
        """Parameters of differences and reactions (Brueggemann, Luetkepohl and Saikkonen 2006)."""
        return (self.lags - 1) * self.n_vars**2 + self.rank * self.n_vars

    @cached_property
    def coordinates(self) -> Array:
        """N (m, m): columns [terms, lagged differences, levels, confined] in terms of the levels model's regressors."""
        d, m, k = self.n_deterministic, self.n_regressors, self.n_vars
        out = np.zeros((m, m))
        beside = [term for term in range(d) if term not in self.confined]
        out[beside, np.arange(len(beside))] = 1.0
        at = len(beside)
        for lag in range(1, self.lags):
            rows = np.arange(d + (lag - 1) * k, d + lag * k)
            out[rows, at + np.arange(k)] = 1.0
            out[rows + k, at + np.arange(k)] = -1.0
            at += k
        out[np.arange(d, d + k), at + np.arange(k)] = 1.0
        for term in self.confined:
            out[term, m - 1] = 1.0
            # A trend at t - 1 is that at t less a constant.
            out[:term, m - 1] = -1.0
        return out

    @cached_property
    def own_lag(self) -> Array:
        """E (m, K): coefficients of the levels model in which nothing but each variable's own first lag enters."""
        out = np.zeros((self.n_regressors, self.n_vars))
        out[self.n_deterministic : self.n_deterministic + self.n_vars] = np.eye(self.n_vars)
        return out

    @cached_property
    def difference_rows(self) -> Array:
        """Rows [Z2, Z1, Z0] (n, m + K)."""
        d, m = self.n_deterministic, self.n_regressors
        regressors, y = self.design[:, :m], self.design[:, m:]
        return np.concatenate([regressors @ self.coordinates, y - regressors[:, d : d + self.n_vars]], axis=1)

    @cached_property
    def triangle(self) -> Array:
        """Upper triangular factor of `difference_rows`."""
        return np.asarray(np.linalg.qr(self.difference_rows)[1], dtype=np.float64)

    @cached_property
    def blocks(self) -> tuple[Array, Array, Array]:
        """R11 (q, q), R10 (q, K) and R00 (K, K)."""
        short, m = self.n_short, self.n_regressors
        return self.triangle[short:m, short:m], self.triangle[short:m, m:], self.triangle[m:, m:]

    @cached_property
    def canonical(self) -> reduced_rank.Canonical:
        """Squared canonical correlations of levels and differences, and their vectors."""
        return reduced_rank.canonical_correlations(*self.blocks[1:])

    @cached_property
    def _candidates(self) -> tuple[Array, Array]:
        left, root = self.canonical.left, np.sqrt(self.nobs)
        vectors = np.linalg.solve(self.blocks[0], left) * root
        signs = np.copysign(1.0, vectors[0])
        return vectors * signs, self.blocks[1].T @ left / root * signs

    @property
    def vectors(self) -> Array:
        r"""Candidates for beta, (q, K), best first, with :math:`\beta' S_{11} \beta = I` and a positive first entry."""
        return self._candidates[0]

    @property
    def loadings(self) -> Array:
        """Alpha (K, K) that belongs to `vectors`."""
        return self._candidates[1]

    def conditional(self, beta: Array) -> tuple[Array, Array]:
        """Least squares given the relations.

        Parameters
        ----------
        beta : array (q, r)

        Returns
        -------
        array (n_short + r, K)
            Coefficients of the other regressors, then alpha'.
        array (n_short + r, n_short + r)
            S with S S' the inverse moments of these regressors.
        """
        short, m = self.n_short, self.n_regressors
        left = np.concatenate([self.triangle[:, :short], self.triangle[:, short:m] @ beta], axis=1)
        basis, upper = np.linalg.qr(left)
        return np.linalg.solve(upper, basis.T @ self.triangle[:, m:]), np.linalg.solve(upper, np.eye(len(upper)))

    @cached_property
    def _fitted(self) -> Array:
        return reduced_rank.project(self.blocks[1], self.canonical.left, self.rank)

    @cached_property
    def params(self) -> Array:
        """Coefficients of the levels model (m, K) under the restriction."""
        m = self.n_regressors
        target = np.concatenate([self.triangle[: self.n_short, m:], self._fitted])
        return self.coordinates @ np.linalg.solve(self.triangle[:m, :m], target) + self.own_lag

    @cached_property
    def scatter_factor(self) -> Array:
        """Lower factor of U'U."""
        return _scatter(self.blocks[1] - self._fitted, self.blocks[2])

    @cached_property
    def tested_regressors(self) -> Array:
        """Regressors that an auxiliary regression of the residuals keeps: the relations are taken as known."""
        short, m = self.n_short, self.n_regressors
        relations = self.difference_rows[:, short:m] @ self.vectors[:, : self.rank]
        return np.concatenate([self.difference_rows[:, :short], relations], axis=1)

    def directions(self, factor: Array, spread: Array | None = None) -> Array:
        """Directions (..., D, m, K) whose outer products add up to the covariance of the levels model's coefficients.

        The relations converge faster than the rest and are taken as known (Luetkepohl 2005, section 7.2).
        """
        beta = self.vectors[:, : self.rank]
        if spread is None:
            spread = self.conditional(beta)[1]
        short = self.n_short
        kept = np.concatenate([self.coordinates[:, :short], self.coordinates[:, short:] @ beta], axis=1)
        pairs = np.einsum("ms,...ij->...sjmi", kept @ spread, factor)
        return np.asarray(pairs.reshape(*factor.shape[:-2], -1, self.n_regressors, self.n_vars))

    @cached_property
    def _turn(self) -> Array:
        """Orthogonal matrix from the coordinates of `factor`'s basis to those of `triangle`'s."""
        m = self.n_regressors
        return lower_solve(self.triangle[:m, :m].T, (self.factor[:m, :m] @ self.coordinates).T).T

    def _compare_triangles(self, refits: Refits, origin: Array) -> tuple[Array, Array]:
        """Of each draw, how its triangle of [Z2, Z1] differs from this one's, and the triangle's columns of Z0."""
        m = self.n_regressors
        # Data sets of an explosive system leave the range of numbers: whoever reads the draws says so.
        with np.errstate(over="ignore", invalid="ignore"):
            turned = refits.triangle.swapaxes(1, 2) @ self._turn
        near = np.asarray(np.linalg.qr(turned)[1], dtype=np.float64)
        # Coefficients in the coordinates [Z2, Z1], times the original's triangle.
        start = self.triangle[:m, :m] @ np.linalg.solve(self.coordinates, origin - self.own_lag)
        moved = self._turn.T @ (self.factor[:m, :m] @ (refits.params - origin))
        target: Array = near @ (start + moved)
        return near, target

    def drawn_eigenvalues(self, innovations: Array) -> Array:
        """Squared canonical correlations (B, K) in data generated from this rank's estimates and other innovations.

        All are one where some combination of the residuals is zero but for rounding: a few rows drawn with replacement
        may hold fewer different rows than there are variables. The correlation is then zero over zero.
        """
        refits = super().refit(innovations)
        if not all(np.isfinite(part).all() for part in refits[:3]):
            raise NumericalError(
                "Data sets drawn from the estimates leave the range of numbers, because the system is explosive. Use "
                "tables of critical values instead of bootstrap=."
            )
        _, target = self._compare_triangles(refits, self.params)
        lower = refits.scatter_factor
        eigenvalues = reduced_rank.canonical_correlations(target[:, self.n_short :], lower.swapaxes(1, 2)).eigenvalues
        lost = np.diagonal(lower, axis1=1, axis2=2) <= _UNRESOLVED * np.sqrt(np.einsum("bij,bij->bi", lower, lower))
        eigenvalues[lost.any(axis=1)] = 1.0
        return eigenvalues

    def refit(self, innovations: Array, params: Array | None = None, beside: Array | None = None) -> Refits:
        """Refit at the same rank on data generated recursively from other innovations.

        Each draw's triangle is the original's times one near the identity, so that nearly integrated data cost no
        digits; the relations are estimated again in every draw.
        """
        short, m = self.n_short, self.n_regressors
        refits = super().refit(innovations, params, beside)
        near, target = self._compare_triangles(refits, self.params if params is None else params)
        right, corner = target[:, short:], refits.scatter_factor.swapaxes(1, 2)
        fitted = reduced_rank.project(right, reduced_rank.canonical_correlations(right, corner).left, self.rank)
        lost = np.concatenate([np.zeros_like(target[:, :short]), right - fitted], axis=1)
        back = self.coordinates @ np.linalg.inv(self.triangle[:m, :m])
        change = np.asarray(back @ np.linalg.solve(near, lost), dtype=np.float64)
        scatter = _scatter(right - fitted, corner)
        return refits.corrected(self, refits.params - change, scatter, change)


def _scatter(unexplained: Array, corner: Array) -> Array:
    """Lower factors with positive diagonals of the residuals' cross products."""
    return lower_factor(np.linalg.qr(np.concatenate([unexplained, corner], axis=-2))[1])
