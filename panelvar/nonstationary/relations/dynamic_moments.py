r"""Dynamic least squares: relations with leads and lags of the regressors' changes, which each entity has of its own.

.. math:: y_t = d_t'\delta + x_t'\beta + \sum_{j=-p}^{q} \Delta x_{t-j}'\pi_j + e_t

on the rows that p leads and q lags leave. :math:`\omega` is the long-run variance of e, by the kernel; or the scores'
long-run covariance makes a sandwich.

References: Saikkonen (1991), Econometric Theory 7, 1-21; Stock and Watson (1993), Econometrica 61, 783-820; Kao and
Chiang (2000), Advances in Econometrics 15, 179-222; Mark and Sul (2003), Oxford Bulletin of Economics and Statistics
65, 655-680.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.kernels.linear.unit_regressions import stacked_triangles
from panelvar.nonstationary.relations.moments import LongRunChoices, RelationMoments, Stack


@dataclass(frozen=True, eq=False)
class DynamicColumns:
    """Columns of n entities with the same periods, leads and lags.

    Attributes
    ----------
    changes : (n, rows, w) array
        Leads, present and lags of the regressors' changes.
    columns : (n, rows, d + m + 1) array
        Terms, regressors, y.
    triangles : (n, w + d + m + 1, w + d + m + 1) array
        R of both.
    """

    changes: Array
    columns: Array
    triangles: Array


def dynamic_columns(stack: Stack, leads: int, lags: int) -> DynamicColumns:
    """Lay out the columns, and factor them."""
    changes, columns = _columns(stack, leads, lags, leads, lags)
    return DynamicColumns(changes, columns, stacked_triangles(np.concatenate((changes, columns), axis=2)))


def dynamic_moments(
    laid: DynamicColumns, m: int, choices: LongRunChoices, *, slopes: Array | None = None, scores: bool = False
) -> RelationMoments:
    """Least squares with leads and lags, of columns that do not depend on one another.

    Parameters
    ----------
    laid : DynamicColumns
    m : int
        Number of regressors.
    choices : LongRunChoices
        How the errors' long-run variances are estimated.
    slopes : (m,) array, optional
        At which errors are computed; by default each entity's own.
    scores : bool
        Whether to compute the scores' long-run covariances too.
    """
    changes, columns = laid.changes, laid.columns
    n, rows, width = changes.shape
    found = RelationMoments(
        laid.triangles[:, width:, width:],
        np.zeros((n, m)),
        np.full(n, np.nan),
        np.full(n, np.nan),
        np.full(n, rows),
        np.full(n, width + columns.shape[2] - 1),
    )
    at = found.own_slopes() if slopes is None else np.broadcast_to(slopes, (n, m))
    basis = np.linalg.qr(changes)[0]
    left = columns - basis @ (basis.swapaxes(1, 2) @ columns)
    # Once more: the first projection rounds on the scale of the levels.
    left = left - basis @ (basis.swapaxes(1, 2) @ left)
    own = np.concatenate((found.terms_at(at), at), axis=1)
    errors = left[..., -1] - (left[..., :-1] @ own[..., None])[..., 0]
    long_run = choices(errors[..., None])
    meats = rows * choices(left[..., :-1] * errors[..., None]).two_sided if scores else None
    return found._replace(variances=long_run.two_sided[..., 0, 0], bandwidths=long_run.bandwidth, meats=meats)


def best_orders(
    stack: Stack, leads: tuple[int, int], lags: tuple[int, int], criterion: str
) -> tuple[Positions, Positions]:
    r"""Leads and lags, from a least to a most each, of the smallest criterion, on the rows that the most of both leave.

    :math:`\ln(RSS / n) + k\,c_n / n` with :math:`c_n` = 2 (Akaike) or :math:`\ln n` (Schwarz) and k all coefficients.
    """
    n, m = len(stack.places), stack.x.shape[2]
    best = np.full(n, np.inf)
    chosen_leads, chosen_lags = np.full(n, leads[0], dtype=np.intp), np.full(n, lags[0], dtype=np.intp)
    for lead in range(leads[0], leads[1] + 1):
        changes, columns = _columns(stack, lead, lags[1], leads[1], lags[1])
        rows = changes.shape[1]
        penalty = 2.0 if criterion == "aic" else float(np.log(rows))
        # The lags that may be left out stand last before y: what the triangle then leaves of y is each order's.
        kept = changes.shape[2] - m * (lags[1] - lags[0])
        ordered = np.concatenate(
            (changes[..., :kept], columns[..., :-1], changes[..., kept:], columns[..., -1:]), axis=2
        )
        last = stacked_triangles(ordered)[..., -1]
        tails = np.square(last)[:, ::-1].cumsum(axis=1)[:, ::-1]
        fixed = kept + columns.shape[2] - 1
        for lag in range(lags[0], lags[1] + 1):
            count = fixed + m * (lag - lags[0])
            value = np.log(tails[:, count] / rows) + count * penalty / rows
            better = value < best
            best = np.where(better, value, best)
            chosen_leads[better], chosen_lags[better] = lead, lag
    return chosen_leads, chosen_lags


def _columns(stack: Stack, leads: int, lags: int, cut_leads: int, cut_lags: int) -> tuple[Array, Array]:
    """Changes from the leads to the lags, and terms, regressors and y; on the rows that the cuts leave."""
    differences = np.diff(stack.x, axis=1)
    periods = stack.x.shape[1]
    first, stop = 1 + cut_lags, periods - cut_leads
    changes = [differences[:, first - 1 - j : stop - 1 - j] for j in range(-leads, lags + 1)]
    rest = (stack.terms[:, first:stop], stack.x[:, first:stop], stack.y[:, first:stop, None])
    return np.concatenate(changes, axis=2), np.concatenate(rest, axis=2)
