r"""Whether the errors of the levels are correlated over time: a portmanteau test.

Errors :math:`\varepsilon` that are uncorrelated make the levels' residuals :math:`u_{it} = \eta_i + \varepsilon_{it}`
uncorrelated with changes before and after, whatever their variances and the effects:

.. math:: \mathrm E[u_{i,t-l}\,\Delta u_{it}] = 0, \quad l \ge 2, \qquad \mathrm E[u_{i,t+1}\,\Delta u_{it}] = 0

(Jochmans 2020, Journal of Applied Econometrics 35). These are all that uncorrelated errors imply, T(T - 1) / 2 - 1 of
them in a balanced panel; m1 and m2 weigh some of them.
"""

from __future__ import annotations

import numpy as np

from panelvar.base.arguments import read_flag, read_whole
from panelvar.base.arrays import Array, Mask
from panelvar.base.errors import InsufficientDataError
from panelvar.dynamic_panels.gmm_estimate import GmmEstimate
from panelvar.dynamic_panels.weighting import root_of_moments
from panelvar.tables.test_result import TestResult, chi2_test

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
        No entity with three periods in a row; as many products as entities.
    """
    if max_order is not None:
        read_whole("max_order", max_order, 1)
    read_flag("collapse", collapse)
    products, slopes = _products(estimate, equation, max_order, collapse=collapse)
    problem = estimate.problem
    count = problem.n_regressors
    if problem.groups is not None:
        summed = np.zeros((len(problem.moments), products.shape[1]))
        np.add.at(summed, problem.groups, products)
        products = summed
    if products.shape[1] >= len(products):
        raise InsufficientDataError(
            f"{products.shape[1]} covariances of levels and changes need more than {len(products)} entities (or "
            "clusters of them): collapse=True makes one of each lag, max_order= leaves long lags out."
        )
    influence = estimate.influence[:, equation * count : (equation + 1) * count]
    root = root_of_moments(products + influence @ slopes.T)
    half = root.divided(products.sum(axis=0))
    null = "no serial correlation of the errors" + ("" if max_order is None else f" up to order {max_order}")
    return chi2_test("Serial portmanteau", float(half @ half), root.rank, null)


def _products(estimate: GmmEstimate, equation: int, max_order: int | None, *, collapse: bool) -> tuple[Array, Array]:
    """Products (N, D) of levels and changes, and the derivatives (D, m) of their sums."""
    model, m = estimate.model, estimate.model.n_regressors
    rows, complete = model.levels, model.levels.complete
    # Residual first, then the regressors with the sign that they have in it.
    errors = model.residuals(rows, estimate.params)[:, :, equation : equation + 1]
    levels = np.concatenate([errors, -rows.values[:, :, :m]], axis=2)
    levels = np.where(complete[:, :, None], levels - levels[complete].mean(axis=0), 0.0)
    changed = np.zeros_like(complete)
    changed[1:] = complete[1:] & complete[:-1]
    changes = np.zeros_like(levels)
    changes[1:] = np.where(changed[1:, :, None], levels[1:] - levels[:-1], 0.0)
    longest = len(levels) - 1 if max_order is None else min(max_order, len(levels) - 1)
    products, slopes = [], []
    for lag in (FORWARD, *range(2, longest + 1)):
        earlier, seen = _lagged(levels, complete, lag)
        both = changed & seen
        kept = both.any(axis=1)
        if not kept.any():
            continue
        level, change = earlier[kept], changes[kept]
        product = level[:, :, 0] * change[:, :, 0]
        slope = np.einsum("tnj,tn->tj", level[:, :, 1:], change[:, :, 0])
        slope += np.einsum("tn,tnj->tj", level[:, :, 0], change[:, :, 1:])
        products.append(product.sum(axis=0, keepdims=True) if collapse else product)
        slopes.append(slope.sum(axis=0, keepdims=True) if collapse else slope)
    if not products:
        raise InsufficientDataError("No entity has three periods in a row: there is no covariance to test.")
    return np.concatenate(products).T, np.concatenate(slopes)


def _lagged(levels: Array, complete: Mask, lag: int) -> tuple[Array, Mask]:
    """Levels some periods before (after, if the lag is negative), and which there are."""
    shifted, seen = np.zeros_like(levels), np.zeros_like(complete)
    if lag < 0:
        shifted[:lag], seen[:lag] = levels[-lag:], complete[-lag:]
    else:
        shifted[lag:], seen[lag:] = levels[: len(levels) - lag], complete[: len(levels) - lag]
    return shifted, seen
