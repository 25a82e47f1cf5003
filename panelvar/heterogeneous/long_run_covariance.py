r"""What follows once long-run coefficients are known: the entities' own coefficients, and the covariance of all.

Every entity's triangle is that of :math:`[W, C, X, \ell]` with the target column beside it, see
`panelvar.heterogeneous.pooled_long_run`. Own coefficients are :math:`(\phi_i, \kappa_i)` on :math:`Z_i = [\xi_i, W_i]`;
shared ones enter the residual through :math:`G_i = [\phi_iX_i, -C_i]`. With :math:`L_i = (Z_i'Z_i)^{-1}Z_i'G_i` and V
the covariance of the shared coefficients, the inverse of the bordered information matrix (Pesaran, Shin and Smith
1999, eq. 13) is

.. math:: \mathrm{Var}(o_i) = \sigma_i^2(Z_i'Z_i)^{-1} + L_iVL_i', \qquad
          \mathrm{Cov}(o_i, o_j) = L_iVL_j', \qquad \mathrm{Cov}(o_i, s) = L_iV.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from panelvar.base.arrays import Array
from panelvar.heterogeneous.pooled_long_run import LongRunProblem, Point


def long_run_problem(triangles: Array, targets: Array, rss: Array, rows: Array, k: int, pooled: int) -> LongRunProblem:
    """Cut the entities' triangles to the columns whose coefficients are shared, and lagged y.

    Parameters
    ----------
    triangles : (N, p, p) array
        Columns own short-run, shared short-run, levels, lagged dependent variable.
    targets : (N, p) array
    rss, rows : (N,) array
    k, pooled : int
        Numbers of levels and of shared short-run regressors.
    """
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

    def marginal(self, shared: Array) -> Array:
        """Covariance of each entity's own coefficients, shape (N, w + 1, w + 1)."""
        return self.conditional + self.loadings @ shared @ self.loadings.transpose(0, 2, 1)

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
        Minus the second derivatives at the estimates, which have :math:`X'e` beside their expectation, instead of the
        expectation.
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
