r"""Panels without error correction, made from one by drawing its periods.

Without error correction, entity i follows :math:`\Delta y_{it} = \delta_i'd_t + \sum_j a_{ij} \Delta y_{i,t-j} +
\sum_j \gamma_{ij}'\Delta x_{i,t-j} + e_{it}`. Residuals and changes of the regressors of all entities, less their
means, are the row of a period. Rows are drawn with replacement, so that what entities share in a period stays together;
:math:`\Delta y^*` follows by the recursion, without terms, and sums give levels.

Reference: Westerlund (2007), Oxford Bulletin of Economics and Statistics 69, section on the bootstrap.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.scaling import exponents
from panelvar.nonstationary.panel_cointegration.error_correction_models import error_correction_columns
from panelvar.nonstationary.unit_roots.one_series import POWERS

_BURN = 20
"""Periods before the first of a sample, so that it does not start from changes of zero."""


class NullModels(NamedTuple):
    """Models of N entities without error correction.

    Attributes
    ----------
    own : (N, p) array
        Coefficients of lags of the change of y, zero beyond an entity's.
    others : (N, p + q + 1, m) array
        Coefficients of changes of the regressors, from the last lead to the last lag.
    rows : (W, N, 1 + m) array
        What is drawn from: residuals and changes of the regressors, less their means, by period.
    leads : int
        q, the most of any entity.
    """

    own: Array
    others: Array
    rows: Array
    leads: int


def null_models(stack: Array, trend: str, lags: Positions, leads: Positions) -> NullModels:
    """Fit them to entities (N, T, 1 + m) with lags and leads of their own."""
    entities, periods, m = stack.shape[0], stack.shape[1], stack.shape[2] - 1
    p, q, powers = int(lags.max()), int(leads.max()), POWERS[trend]
    own, others = np.zeros((entities, p)), np.zeros((entities, p + q + 1, m))
    errors = np.full((entities, periods), np.nan)
    for place, (lag, lead) in enumerate(zip(lags.tolist(), leads.tolist(), strict=True)):
        span = (lag + 1, periods - lead)
        columns = error_correction_columns(stack[[place]], trend, lag, lead, span)[0]
        short_run = np.delete(columns, [*range(powers, powers + m), columns.shape[1] - 2], axis=1)
        known, change = short_run[:, :-1], short_run[:, -1]
        units = exponents(known, axis=0)
        found = np.ldexp(np.linalg.lstsq(np.ldexp(known, -units), change, rcond=None)[0], -units)
        errors[place, span[0] : span[1]] = change - known @ found
        own[place, :lag] = found[powers : powers + lag]
        ahead = powers + lag
        now = found[ahead : ahead + m * (1 + lead)].reshape(1 + lead, m)
        past = found[ahead + m * (1 + lead) :].reshape(lag, m)
        others[place, q - lead : q + 1 + lag] = np.concatenate([now[::-1], past])
    changes = np.diff(stack[..., 1:], axis=1)
    common = slice(p + 1, periods - q)
    rows = np.concatenate([errors[:, common, None], changes[:, p : periods - q - 1]], axis=2)
    return NullModels(own, others, (rows - rows.mean(axis=1, keepdims=True)).swapaxes(0, 1), q)


def samples(models: NullModels, periods: int, count: int, rng: np.random.Generator) -> Array:
    """Panels (count, N, periods, 1 + m) without error correction."""
    (entities, p), q = models.own.shape, models.leads
    length = p + _BURN + periods - 1 + q
    drawn = models.rows[rng.integers(0, len(models.rows), (count, length))]
    stop = length - q
    change = drawn[:, p:stop, :, 0].copy()
    for place in range(p + q + 1):
        shifted = drawn[:, p + q - place : stop + q - place, :, 1:]
        change += np.einsum("btnm,nm->btn", shifted, models.others[:, place])
    for t in range(1, stop - p):
        for lag in range(1, min(p, t) + 1):
            change[:, t] += models.own[:, lag - 1] * change[:, t - lag]
    out = np.zeros((count, entities, periods, drawn.shape[3]))
    out[:, :, 1:, 0] = change[:, _BURN:].cumsum(axis=1).swapaxes(1, 2)
    out[:, :, 1:, 1:] = drawn[:, p + _BURN : stop, :, 1:].cumsum(axis=1).swapaxes(1, 2)
    return out
