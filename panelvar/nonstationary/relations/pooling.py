r"""Slopes that entities share, and averages of those that differ, from the moments of their relations.

With :math:`M_i` the cross products of what terms leave of an entity's regressors, :math:`q_i` their products with the
dependent variable less the shift, :math:`\omega_i` the long-run variance of its error and weights :math:`w_i`,

.. math:: \hat\beta = \Big(\sum_i w_i M_i\Big)^{-1} \sum_i w_i q_i

pools them: alike (:math:`w_i = 1`, Phillips and Moon 1999; Kao and Chiang 2000) or by precision
(:math:`w_i = 1 / \omega_i`, for which no other weights have a smaller variance). The group mean is
:math:`N^{-1} \sum_i M_i^{-1} q_i` (Pedroni 2000, 2001). Covariances, with :math:`B = (\sum_i w_i M_i)^{-1}`:

.. math::
   \text{estimated:}\quad & \bar\omega B, \; w_i = 1; \qquad B, \; w_i = 1/\omega_i; \qquad
   N^{-2} \sum_i V_i \text{ of a mean} \\
   \text{heterogeneous:}\quad & B \Big(\sum_i \omega_i M_i\Big) B \\
   \text{sandwich:}\quad & \tfrac{N}{N-1}\, B \Big(\sum_i w_i^2 s_i s_i'\Big) B, \; s_i = q_i - M_i\hat\beta; \qquad
   \tfrac{1}{N(N-1)} \sum_i (b_i - \bar b)(b_i - \bar b)' \text{ of a mean} \\
   \text{kernel:}\quad & B \Big(\sum_i w_i^2 S_i\Big) B, \; S_i \text{ the long-run covariance of the entity's scores}

References: Phillips and Moon (1999), Econometrica 67, 1057-1111; Kao and Chiang (2000), Advances in Econometrics 15,
179-222; Pedroni (2000), Advances in Econometrics 15, 93-130, and (2001), Review of Economics and Statistics 83,
727-731; Mark and Sul (2003), Oxford Bulletin of Economics and Statistics 65, 655-680.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.kernels.linear.unit_regressions import stacked_triangles
from panelvar.nonstationary.relations.moments import RelationMoments
from panelvar.panels.heterogeneous.random_coefficients import mean_group

METHODS = ("group-mean", "pooled", "weighted")

COVARIANCES = {
    "group-mean": ("estimated", "sandwich", "kernel"),
    "pooled": ("estimated", "heterogeneous", "sandwich", "kernel"),
    "weighted": ("estimated", "sandwich", "kernel"),
}
"""Covariances of each method; by the kernel they are of dynamic least squares alone."""


@dataclass(frozen=True, eq=False)
class PooledSlopes:
    """Slopes (m,) that all entities share, and the triangle (m, m) of the weighted regressors they came from."""

    slopes: Array
    triangle: Array
    by_precision: bool

    def covariance(self, moments: RelationMoments, kind: str) -> Array:
        """Covariance of the slopes, by its name."""
        inverse = np.linalg.solve(self.triangle, np.eye(len(self.triangle)))
        if kind == "estimated":
            # Weights by precision hold the variances already.
            level = 1.0 if self.by_precision else float(moments.variances.mean())
            return np.asarray(level * inverse @ inverse.T)
        own = moments.slope_triangles[:, : moments.m, : moments.m] @ inverse
        if kind == "heterogeneous":
            roots = np.sqrt(moments.variances)[:, None, None] * own
            return np.asarray(inverse @ np.einsum("iab,iac->bc", roots, roots) @ inverse.T)
        weights = _weights(moments, self.by_precision)
        if kind == "kernel":
            meats = np.square(weights)[:, None, None] * moments.slope_meats()
            return np.asarray(inverse @ (inverse.T @ meats.sum(axis=0) @ inverse) @ inverse.T)
        left = moments.slope_triangles[:, : moments.m, -1] - moments.slope_triangles[:, : moments.m, :-1] @ self.slopes
        scores = np.einsum("iab,ia->ib", own, left) - moments.shifts @ inverse
        scores = weights[:, None] * scores
        n = len(scores)
        return np.asarray(n / (n - 1.0) * inverse @ (scores.T @ scores) @ inverse.T)


def pooled_slopes(moments: RelationMoments, *, by_precision: bool) -> PooledSlopes:
    """Pool the slopes, entities alike or by the precision of their errors."""
    m, weights = moments.m, _weights(moments, by_precision)
    rows = np.sqrt(weights)[:, None, None] * moments.slope_triangles[:, :m]
    r = stacked_triangles(rows.reshape(-1, m + 1))
    triangle, right = r[:m, :m], r[:m, m]
    pull = np.linalg.solve(triangle.T, weights @ moments.shifts)
    return PooledSlopes(np.asarray(np.linalg.solve(triangle, right - pull)), triangle, by_precision)


def _weights(moments: RelationMoments, by_precision: bool) -> Array:
    return 1.0 / moments.variances if by_precision else np.ones(len(moments.variances))


def group_mean(coefficients: Array, covariances: Array, kind: str) -> tuple[Array, Array]:
    """Average (N, p) coefficients; the covariance from theirs (N, p, p), or from how far they lie apart."""
    if kind == "sandwich":
        return mean_group(coefficients)
    n = len(coefficients)
    return coefficients.mean(axis=0), covariances.sum(axis=0) / n**2
