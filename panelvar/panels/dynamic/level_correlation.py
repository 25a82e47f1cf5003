r"""Whether the errors of the levels are correlated over time: a portmanteau test.

Errors :math:`\varepsilon` that are uncorrelated make the levels' residuals :math:`u_{it} = \eta_i + \varepsilon_{it}`
uncorrelated with changes before and after, whatever their variances and the effects:

.. math:: \mathrm E[u_{i,t-l}\,\Delta u_{it}] = 0, \quad l \ge 2, \qquad \mathrm E[u_{i,t+1}\,\Delta u_{it}] = 0

(Jochmans 2020, Journal of Applied Econometrics 35). These are all that uncorrelated errors imply, T(T - 1) / 2 - 1 of
them in a balanced panel; m1 and m2 weigh some of them.
"""

from __future__ import annotations

import numpy as np

from panelvar.core.base.arguments import read_flag, read_whole
from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.errors import InsufficientDataError
from panelvar.core.tables.test_result import TestResult, chi2_test
from panelvar.panels.dynamic.dynamic_model import DynamicModel
from panelvar.panels.dynamic.gmm_estimate import GmmEstimate
from panelvar.panels.dynamic.weighting import StackedRows, root_of_moments

FORWARD = -1
"""The lag of the level one period after a change."""


def serial_portmanteau(
    estimate: GmmEstimate, equation: int = 0, *, max_order: int | None = None, collapse: bool = False
) -> TestResult:
    r"""Test all covariances of levels with changes together, robust to heteroskedasticity.

    With v the products of an entity, and M their derivative,

    .. math:: \Big(\sum_i v_i\Big)'\Big(\sum_i w_iw_i'\Big)^{-1}\sum_i v_i, \qquad w_i = v_i + M\psi_i

    where :math:`\psi_i` is what the entity adds to the errors of the coefficients. Residuals are deviations from their
    mean: adding a constant to a variable changes nothing.

    Raises
    ------
    InsufficientDataError
        No entity has three periods in a row, or there are as many products as entities.
    """
    if max_order is not None:
        read_whole("max_order", max_order, 1)
    read_flag("collapse", collapse)
    problem = estimate.problem
    own = slice(equation * problem.n_regressors, (equation + 1) * problem.n_regressors)
    influence = estimate.influence_of_moments[own]
    stacked, parts = StackedRows(), []
    by_cluster: Array | None = None
    for piece in estimate.model.pieces(problem):
        products, slopes, seen = _products(estimate, piece.model, equation, max_order, collapse=collapse)
        rows = np.concatenate([products, piece.errors(estimate.weighted_at) @ influence.T], axis=1)
        parts.append((products.sum(axis=0), slopes, seen))
        if piece.groups is None:
            stacked.add(rows)
            continue
        if by_cluster is None:
            by_cluster = np.zeros((problem.n_clusters, rows.shape[1]))
        np.add.at(by_cluster, piece.groups, rows)
    total, slopes, seen = (np.sum(each, axis=0) for each in zip(*parts, strict=True))
    kept = np.flatnonzero(seen)
    if not len(kept):
        raise InsufficientDataError("No entity has three periods in a row, so there is no covariance to test.")
    if len(kept) >= problem.n_clusters:
        raise InsufficientDataError(
            f"The test takes more entities (or clusters of them) than covariances of levels and changes; there are "
            f"{problem.n_clusters} for {len(kept)}. Use collapse=True, which makes one covariance of each lag, or "
            "max_order=, which leaves long lags out."
        )
    both = stacked.rows if by_cluster is None else by_cluster
    root = root_of_moments(both[:, kept] + both[:, len(total) :] @ slopes[kept].T)
    half = root.divided(total[kept])
    null = "no serial correlation of the errors" + ("" if max_order is None else f" up to order {max_order}")
    return chi2_test("Serial portmanteau", float(half @ half), root.rank, null)


def _products(
    estimate: GmmEstimate, model: DynamicModel, equation: int, max_order: int | None, *, collapse: bool
) -> tuple[Array, Array, Mask]:
    """Products (N, D) of levels and changes of some entities, the derivatives (D, m) of their sums, and which exist."""
    rows, complete, m = model.levels, model.levels.complete, model.n_regressors
    # Residual first, then the regressors with the sign that they have in it.
    errors = model.residuals(rows, estimate.params)[:, :, equation : equation + 1]
    levels = np.concatenate([errors, -rows.values[:, :, :m]], axis=2)
    means = estimate.model.level_means
    left = means[m + equation] - means[:m] @ estimate.params[:, equation]
    levels = np.where(complete[:, :, None], levels - np.concatenate([[left], -means[:m]]), 0.0)
    changed = np.zeros_like(complete)
    changed[1:] = complete[1:] & complete[:-1]
    changes = np.zeros_like(levels)
    changes[1:] = np.where(changed[1:, :, None], levels[1:] - levels[:-1], 0.0)
    longest = len(levels) - 1 if max_order is None else min(max_order, len(levels) - 1)
    products, slopes, found = [], [], []
    for lag in (FORWARD, *range(2, longest + 1)):
        level, seen = _lagged(levels, complete, lag)
        both = changed & seen
        product = level[:, :, 0] * changes[:, :, 0]
        slope = np.einsum("tnj,tn->tj", level[:, :, 1:], changes[:, :, 0])
        slope += np.einsum("tn,tnj->tj", level[:, :, 0], changes[:, :, 1:])
        products.append(product.sum(axis=0, keepdims=True) if collapse else product)
        slopes.append(slope.sum(axis=0, keepdims=True) if collapse else slope)
        found.append(np.array([both.any()]) if collapse else both.any(axis=1))
    return np.concatenate(products).T, np.concatenate(slopes), np.concatenate(found)


def _lagged(levels: Array, complete: Mask, lag: int) -> tuple[Array, Mask]:
    """Levels some periods before (after, if the lag is negative), and which of them exist."""
    shifted, seen = np.zeros_like(levels), np.zeros_like(complete)
    if lag < 0:
        shifted[:lag], seen[:lag] = levels[-lag:], complete[-lag:]
    else:
        shifted[lag:], seen[lag:] = levels[: len(levels) - lag], complete[: len(levels) - lag]
    return shifted, seen
