r"""Local projections of thousands of generated data sets at once.

Regressors are put into the coordinates :math:`z = x R^{-1}` of the original data's triangle, in which cross products
lose no digits to persistence (as in `panelvar.dynamics.lag_problem.LagProblem.refit`). A longer horizon has fewer rows;
cross products are added up from the longest horizon's on, never taken away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from panelvar.base.arrays import Array


def generated(params: Array, lags: int, before: Array, beside: Array, innovations: Array) -> Array:
    """Run innovations (B, n, K) through a recursion from the observed first values, (B, p + n, K).

    Parameters
    ----------
    params : array (d + pK, K)
    lags : int
    before : array (p, K)
    beside : array (p + n, d)
    innovations : array (B, n, K)
    """
    d = beside.shape[1]
    n_draws, n, n_vars = innovations.shape
    path = np.empty((n_draws, lags + n, n_vars))
    path[:, :lags] = before
    path[:, lags:] = innovations + beside[lags:] @ params[:d]
    # Lags lie latest first among the coefficients, earliest first in the path.
    weights = params[d:].reshape(lags, n_vars, n_vars)[::-1].reshape(lags * n_vars, n_vars)
    for period in range(lags, lags + n):
        path[:, period] += path[:, period - lags : period].reshape(n_draws, -1) @ weights
    return path


@dataclass(frozen=True, eq=False)
class ProjectionRefits:
    """Projections of a batch of data sets.

    Attributes
    ----------
    params : array (B, m, K)
        Coefficients of the vector autoregressions.
    residuals : array (B, n, K)
        Their residuals.
    var_gains : array (B, n, m)
        Rows of :math:`X (X'X)^{-1}`.
    rows : array (B, n, m + K)
        Regressors z of the projections, controls first.
    leads : array (B, n, K)
        Today's values.
    grams : array (H + 1, B, m + K, m + K)
        Cross products of z over the rows of each horizon.
    inverse : array (m + K, m + K)
        :math:`R^{-1}`.
    """

    params: Array
    residuals: Array
    var_gains: Array
    rows: Array
    leads: Array
    grams: Array
    inverse: Array

    def projection(self, lead: int) -> tuple[Array, Array, Array]:
        """Effects (B, K, K) of today's values, gains (B, n - h, K) and residuals (B, n - h, K) at a horizon."""
        n_vars = self.leads.shape[2]
        count = self.rows.shape[1] - lead
        rows, later = self.rows[:, :count], self.leads[:, lead:]
        cross = rows.swapaxes(1, 2) @ later
        width = self.inverse.shape[0]
        right = np.concatenate([cross, np.broadcast_to(self.inverse[-n_vars:].T, (len(rows), width, n_vars))], axis=2)
        solved = np.linalg.solve(self.grams[lead], right)
        coefficients, gaining = solved[..., :n_vars], solved[..., n_vars:]
        effects = (self.inverse[-n_vars:] @ coefficients).swapaxes(1, 2)
        return effects, rows @ gaining, later - rows @ coefficients


def refit_projections(data: Array, beside: Array, lags: int, horizon: int, factor: Array) -> ProjectionRefits:
    """Estimate autoregressions and lag-augmented projections of data sets.

    Parameters
    ----------
    data : array (B, T, K)
    beside : array (T, d)
    lags, horizon : int
    factor : array (m + K, m + K)
        Triangle of the original data's [terms, lags, Y].
    """
    n_draws, n_periods, n_vars = data.shape
    d, n = beside.shape[1], n_periods - lags
    m = d + lags * n_vars
    rows = np.empty((n_draws, n, m + n_vars))
    rows[..., :d] = beside[lags:]
    for lag in range(1, lags + 1):
        rows[..., d + (lag - 1) * n_vars : d + lag * n_vars] = data[:, lags - lag : n_periods - lag]
    rows[..., m:] = data[:, lags:]
    inverse = np.asarray(np.linalg.inv(factor), dtype=np.float64)
    rows = rows @ inverse
    grams = np.empty((horizon + 1, n_draws, m + n_vars, m + n_vars))
    shared = rows[:, : n - horizon]
    grams[horizon] = shared.swapaxes(1, 2) @ shared
    for lead in range(horizon - 1, -1, -1):
        last = rows[:, n - lead - 1]
        grams[lead] = grams[lead + 1] + last[:, :, None] * last[:, None, :]
    leads = np.ascontiguousarray(data[:, lags:])
    controls = rows[..., :m]
    cross = controls.swapaxes(1, 2) @ leads
    root = inverse[:m, :m]
    right = np.concatenate([cross, np.broadcast_to(root.T, (n_draws, m, m))], axis=2)
    solved = np.linalg.solve(grams[0][:, :m, :m], right)
    residuals = leads - controls @ solved[..., :n_vars]
    params = root @ solved[..., :n_vars]
    return ProjectionRefits(params, residuals, controls @ solved[..., n_vars:], rows, leads, grams, inverse)
