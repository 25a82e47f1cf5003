r"""Maximum likelihood of the long-run coefficients that entities share, while everything else is their own.

Entity i has rows :math:`T_i` of :math:`d = \Delta y`, of :math:`\ell = y_{-1}`, of levels X (k columns), of shared
short-run regressors C (c columns) and of short-run regressors W of its own,

.. math:: d = \phi_i\,\xi_i(\theta) + C\gamma + W\kappa_i + \varepsilon_i, \qquad \xi_i(\theta) = \ell - X\theta,
          \qquad \varepsilon_i \sim N(0, \sigma_i^2 I)

(Pesaran, Shin and Smith 1999). W is taken out by the triangle of :math:`[W, C, X, \ell, d]`. What is left of an entity
is k + c + 1 numbers for each column and its residual sum of squares. With :math:`u = r_\ell - R_X\theta` and
:math:`a = t - R_C\gamma`,

.. math:: \hat\phi_i = u'a/u'u, \quad e = a - \hat\phi_i u, \quad \hat\sigma_i^2 = (RSS_i + e'e)/T_i, \qquad
          \ell(\theta, \gamma) = -\tfrac12\sum_i T_i\,(\log 2\pi\hat\sigma_i^2 + 1)

with :math:`\phi_i` and :math:`\sigma_i` put into the likelihood. With :math:`J = [\hat\phi_i R_X, -R_C]` the gradient
is :math:`-\sum J'e/\hat\sigma_i^2`.

The entities' own coefficients :math:`(\phi_i, \kappa_i)`, on :math:`Z_i = [\xi_i, W_i]`, follow from their triangles;
shared ones enter the residual through :math:`G_i = [\phi_iX_i, -C_i]`. With :math:`L_i = (Z_i'Z_i)^{-1}Z_i'G_i` and V
the covariance of the shared coefficients, the inverse of the bordered information matrix (Pesaran, Shin and Smith
1999) is

.. math:: \mathrm{Var}(o_i) = \sigma_i^2(Z_i'Z_i)^{-1} + L_iVL_i', \qquad
          \mathrm{Cov}(o_i, o_j) = L_iVL_j', \qquad \mathrm{Cov}(o_i, s) = L_iV.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError
from panelvar.kernels.linear.least_squares import covariance_root

_DECREMENT = 1e-20  # g'H^-1 g at the maximum: coefficients within 1e-10 of a standard error
_QUADRATIC = 1e-9  # below this gain of a Newton step the likelihood's own rounding decides comparisons
_STALLED = 10  # steps of such a gain without a smaller one
_CREEPING = 200  # steps after which a climb must have gained something
_GAIN = 1e-3  # of the log-likelihood, which has no units
_HALVINGS = 40
_SUFFICIENT = 1e-4  # share of the predicted gain that a step must bring (Armijo)


@dataclass(frozen=True, eq=False)
class Point:
    """The concentrated likelihood at one value of the shared coefficients.

    Attributes
    ----------
    shared : (k + c,) array
        Long-run coefficients, then shared short-run ones.
    gaps : (N, m) array
        u, the rotated error-correction terms.
    speeds : (N,) array
    residuals : (N, m) array
        e, the part of the residuals that the unrestricted regression would explain.
    variances : (N,) array
        Residual variances, divided by :math:`T_i`.
    loglik : float
    """

    shared: Array
    gaps: Array
    speeds: Array
    residuals: Array
    variances: Array
    loglik: float


@dataclass(frozen=True, eq=False)
class LongRunProblem:
    """Rotated data of N entities, with m = k + c + 1 numbers in each column.

    Attributes
    ----------
    levels : (N, m, k) array
    lagged : (N, m) array
    pooled : (N, m, c) array
        Regressors whose short-run coefficients are shared.
    target : (N, m) array
    rss : (N,) array
        Residual sums of squares of the unrestricted regressions.
    rows : (N,) array
        Rows of the entities.
    """

    levels: Array
    lagged: Array
    pooled: Array
    target: Array
    rss: Array
    rows: Array

    @property
    def k(self) -> int:
        """Number of long-run coefficients."""
        return int(self.levels.shape[2])

    def at(self, shared: Array) -> Point:
        """Evaluate the concentrated likelihood."""
        gaps = self.lagged - self.levels @ shared[: self.k]
        aims = self.target - self.pooled @ shared[self.k :]
        with np.errstate(all="ignore"):
            speeds = np.einsum("ij,ij->i", gaps, aims) / np.einsum("ij,ij->i", gaps, gaps)
            residuals = aims - speeds[:, None] * gaps
            variances = (self.rss + np.einsum("ij,ij->i", residuals, residuals)) / self.rows
            loglik = -0.5 * float(self.rows @ (np.log(2.0 * np.pi * variances) + 1.0))
        return Point(shared, gaps, speeds, residuals, variances, loglik if np.isfinite(loglik) else -np.inf)

    def jacobian(self, point: Point) -> Array:
        r"""Return J over :math:`\hat\sigma_i`, the derivative of scaled residuals, shape (N, m, k + c)."""
        scale = 1.0 / np.sqrt(point.variances)
        return np.concatenate(
            ((point.speeds * scale)[:, None, None] * self.levels, -scale[:, None, None] * self.pooled), axis=2
        )

    def score(self, point: Point) -> Array:
        """Gradient of the concentrated likelihood, shape (k + c,)."""
        scaled = point.residuals / np.sqrt(point.variances)[:, None]
        return np.asarray(-np.einsum("imk,im->k", self.jacobian(point), scaled))

    def expected_triangle(self, point: Point) -> Array:
        r"""R with :math:`R'R = \sum_i \hat\sigma_i^{-2} J'M_uJ`, the expected information."""
        jacobian = self.jacobian(point)
        unit = point.gaps / np.sqrt(np.einsum("ij,ij->i", point.gaps, point.gaps))[:, None]
        jacobian = jacobian - unit[:, :, None] * np.einsum("im,imk->ik", unit, jacobian)[:, None, :]
        return np.asarray(np.linalg.qr(jacobian.reshape(-1, jacobian.shape[2]), mode="r"), dtype=np.float64)

    def observed(self, point: Point) -> Array:
        r"""Minus the Hessian of the concentrated likelihood, shape (k + c, k + c).

        :math:`\sum_i \hat\sigma_i^{-2}\big[J'J - b b'/u'u - \tfrac{2}{T_i\hat\sigma_i^2} J'e\,e'J\big]` with
        :math:`b = -J'u + (R_X'e, 0)`, after :math:`\phi_i` and :math:`\sigma_i^2` are eliminated.
        """
        scaled = self.jacobian(point)
        sigma = np.sqrt(point.variances)
        own = -np.einsum("imk,im->ik", scaled, point.gaps) / sigma[:, None]
        own[:, : self.k] += np.einsum("imk,im->ik", self.levels, point.residuals) / point.variances[:, None]
        own *= (sigma / np.sqrt(np.einsum("ij,ij->i", point.gaps, point.gaps)))[:, None]
        slope = np.einsum("imk,im->ik", scaled, point.residuals / sigma[:, None]) * np.sqrt(2.0 / self.rows)[:, None]
        flat = scaled.reshape(-1, scaled.shape[2])
        return np.asarray(flat.T @ flat - own.T @ own - slope.T @ slope)

    def substitute(self, point: Point) -> Array:
        """Return the shared coefficients that are best at the speeds and variances of a point."""
        jacobian = self.jacobian(point)
        scale = 1.0 / np.sqrt(point.variances)
        aims = scale[:, None] * (point.speeds[:, None] * self.lagged - self.target)
        return _regress(jacobian, aims)

    def first_guess(self) -> Array:
        """Return shared coefficients from the static regression of lagged y on levels, own columns taken out."""
        return self.with_pooled(_regress(self.levels, self.lagged))

    def with_pooled(self, theta: Array) -> Array:
        """Join to long-run coefficients the shared short-run ones that go with them."""
        c = self.pooled.shape[2]
        if c == 0:
            return theta
        start = np.concatenate((theta, np.zeros(c)))
        gamma = self.substitute(self.at(start))[self.k :]
        return np.concatenate((theta, gamma))


_UNIDENTIFIED = (
    "The long-run coefficients are not identified. Either no entity corrects its errors (all speeds are zero), or no "
    "entity has a level that varies."
)


def _regress(columns: Array, target: Array) -> Array:
    """Least squares of (N, m) on columns (N, m, p), all rows together, whatever the columns' units."""
    flat = columns.reshape(-1, columns.shape[2])
    norms = np.sqrt(np.einsum("ij,ij->j", flat, flat))
    if not (norms > 0.0).all():
        raise NumericalError(_UNIDENTIFIED)
    return np.asarray(np.linalg.lstsq(flat / norms, target.reshape(-1), rcond=None)[0] / norms, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where the search ended.

    Attributes
    ----------
    point : Point
    iterations : int
    converged : bool
    """

    point: Point
    iterations: int
    converged: bool


def newton_raphson(problem: LongRunProblem, start: Array, most: int) -> Maximum:
    """Climb by Newton steps with the analytic Hessian, by scoring steps where it is not negative definite."""
    point = problem.at(start)
    smallest, stalled, before = np.inf, 0, -np.inf
    for iteration in range(1, most + 1):
        if iteration % _CREEPING == 0:
            # On a ridge without a summit, searched steps that gain next to nothing would go on for ever.
            if point.loglik - before < _GAIN:
                return Maximum(point, iteration, False)
            before = point.loglik
        score = problem.score(point)
        inverse = inverse_positive(problem.observed(point))
        concave = inverse is not None
        step = _scoring_step(problem.expected_triangle(point), score) if inverse is None else inverse @ score
        decrement = float(score @ step)
        if concave and decrement < _QUADRATIC:
            # One more step squares the distance to the maximum, unless the distance is rounding already.
            point = problem.at(point.shared + step)
            if decrement < _DECREMENT:
                return Maximum(point, iteration, True)
            # Steps that no longer shrink are rounding, so more of them lead nowhere.
            stalled = stalled + 1 if decrement > 0.5 * smallest else 0
            smallest = min(smallest, decrement)
            if stalled == _STALLED:
                return Maximum(point, iteration, False)
            continue
        further = _search_along(problem, point, step, decrement)
        if further is None and concave:
            step = _scoring_step(problem.expected_triangle(point), score)
            further = _search_along(problem, point, step, float(score @ step))
        if further is None:
            break
        point = further
    return Maximum(point, iteration, False)


def back_substitution(problem: LongRunProblem, start: Array, most: int) -> Maximum:
    """Alternate between shared coefficients and the entities' own (Pesaran, Shin and Smith 1999).

    Every step raises the likelihood; convergence is linear.
    """
    point = problem.at(start)
    for iteration in range(1, most + 1):
        point = problem.at(problem.substitute(point))
        score = problem.score(point)
        decrement = float(score @ _scoring_step(problem.expected_triangle(point), score))
        if decrement < _DECREMENT:
            return Maximum(point, iteration, True)
    return Maximum(point, most, False)


def search_from(
    start: Array, problem: LongRunProblem, search: Callable[[LongRunProblem, Array, int], Maximum], most: int
) -> Maximum:
    """Search in coordinates in which the levels are orthonormal.

    Coefficients of nearly collinear levels are large, and cancel: in their own coordinates the rounding of the
    error-correction terms would hide the maximum.
    """
    k = problem.k
    q, triangle = np.linalg.qr(problem.levels.reshape(-1, k))
    inverse = inverse_triangle(triangle)
    turned = replace(problem, levels=q.reshape(problem.levels.shape))
    end = search(turned, np.concatenate((triangle @ start[:k], start[k:])), most)
    shared = np.concatenate((inverse @ end.point.shared[:k], end.point.shared[k:]))
    return replace(end, point=problem.at(shared))


def inverse_triangle(triangle: Array) -> Array:
    """Invert an upper triangular factor, or say that the shared coefficients are not identified."""
    norms = np.sqrt(np.square(triangle).sum(axis=0))
    diagonal = np.abs(np.diagonal(triangle))
    if not np.isfinite(norms).all() or not (diagonal > 1e-13 * norms).all():
        raise NumericalError(_UNIDENTIFIED)
    return np.asarray(np.linalg.solve(triangle / norms, np.eye(len(norms))) / norms[:, None], dtype=np.float64)


def inverse_positive(matrix: Array) -> Array | None:
    """Invert a symmetric matrix, None if it is not positive definite."""
    diagonal = np.diagonal(matrix)
    if not (np.isfinite(matrix).all() and (diagonal > 0.0).all()):
        return None
    units = np.sqrt(diagonal)
    try:
        factor = np.linalg.cholesky(matrix / np.outer(units, units))
    except np.linalg.LinAlgError:
        return None
    root = np.linalg.solve(factor, np.diag(1.0 / units))
    return np.asarray(root.T @ root, dtype=np.float64)


def _scoring_step(triangle: Array, score: Array) -> Array:
    inverse = inverse_triangle(triangle)
    return inverse @ (inverse.T @ score)


def _search_along(problem: LongRunProblem, point: Point, step: Array, gain: float) -> Point | None:
    """Halve the step until it brings a fair share of the gain it promises."""
    length = 1.0
    for _ in range(_HALVINGS):
        further = problem.at(point.shared + length * step)
        if further.loglik >= point.loglik + _SUFFICIENT * length * gain:
            return further
        length *= 0.5
    return None


def long_run_problem(triangles: Array, targets: Array, rss: Array, rows: Array, k: int, pooled: int) -> LongRunProblem:
    """Cut the entities' triangles to the columns whose coefficients are shared, and lagged y."""
    w = triangles.shape[1] - 1 - k - pooled
    rest = triangles[:, w:, w:]
    return LongRunProblem(
        rest[:, :, pooled : pooled + k], rest[:, :, -1], rest[:, :, :pooled], targets[:, w:], rss, rows
    )


def own_short_run(triangles: Array, targets: Array, point: Point, k: int) -> Array:
    r"""Return each entity's :math:`\kappa_i` at given shared coefficients and speeds, shape (N, w)."""
    c = len(point.shared) - k
    w = triangles.shape[1] - 1 - k - c
    own = triangles[:, :w, w:]
    aims = targets[:, :w] - own[:, :, :c] @ point.shared[k:]
    aims = aims - point.speeds[:, None] * (own[:, :, -1] - own[:, :, c : c + k] @ point.shared[:k])
    return np.asarray(np.linalg.solve(triangles[:, :w, :w], aims[:, :, None])[:, :, 0], dtype=np.float64)


@dataclass(frozen=True, eq=False)
class OwnInformation:
    r"""Own covariances given the shared coefficients, and how own coefficients move with those.

    Attributes
    ----------
    conditional : (N, w + 1, w + 1) array
        :math:`\sigma_i^2 (Z_i'Z_i)^{-1}`, the speed first.
    loadings : (N, w + 1, k + c) array
        :math:`L_i`.
    """

    conditional: Array
    loadings: Array

    def of(self, terms: NDArray[np.bool_]) -> OwnInformation:
        """Return what is known of some of the own coefficients, such as those that some entity's order has."""
        return OwnInformation(self.conditional[:, terms][:, :, terms], self.loadings[:, terms])

    def marginal(self, shared: Array) -> Array:
        """Covariance of each entity's own coefficients, shape (N, w + 1, w + 1)."""
        # A sum of squares stays positive however collinear the regressors are.
        moved = self.loadings @ covariance_root(shared)
        return self.conditional + moved @ moved.transpose(0, 2, 1)

    def joint(self, shared: Array) -> Array:
        """Covariance of the shared coefficients and then every entity's own: dense, for small N."""
        n, own, _ = self.loadings.shape
        stacked = np.concatenate((np.eye(len(shared)), self.loadings.reshape(n * own, -1)))
        out: Array = stacked @ shared @ stacked.T
        for i in range(n):
            at = slice(len(shared) + i * own, len(shared) + (i + 1) * own)
            out[at, at] += self.conditional[i]
        return out


def own_information(triangles: Array, point: Point, k: int, *, observed: bool) -> OwnInformation:
    r"""Split the information matrix into own and shared parts.

    Parameters
    ----------
    triangles : (N, p, p) array
    point : Point
    k : int
        Number of long-run coefficients.
    observed : bool
        Use minus the second derivatives at the estimates, in which :math:`X'e` appears, instead of their expectation.
    """
    c = len(point.shared) - k
    p = triangles.shape[1]
    w = p - 1 - k - c
    levels, lagged = triangles[:, :, w + c : w + c + k], triangles[:, :, -1]
    gap = lagged - levels @ point.shared[:k]
    own = np.concatenate((gap[:, :, None], triangles[:, :, :w]), axis=2)
    shared = np.concatenate((point.speeds[:, None, None] * levels, -triangles[:, :, w : w + c]), axis=2)
    q, r = np.linalg.qr(own)
    inverse = np.linalg.solve(r, np.broadcast_to(np.eye(w + 1), r.shape))
    conditional = point.variances[:, None, None] * (inverse @ inverse.transpose(0, 2, 1))
    loadings = inverse @ (q.transpose(0, 2, 1) @ shared)
    if observed:
        moved = np.einsum("imk,im->ik", levels[:, w:], point.residuals)
        spread = (inverse @ inverse.transpose(0, 2, 1))[:, :, 0]
        loadings[:, :, :k] -= spread[:, :, None] * moved[:, None, :]
    return OwnInformation(conditional, loadings)
