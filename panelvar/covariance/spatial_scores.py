r"""Meats with errors correlated across units at the same date, with one covariance a pair of units for all dates.

.. math:: M = \sum_t \sum_i \sum_j \hat\sigma_{ij}\, x_{it} x_{jt}'

Residuals give the covariances: :math:`\hat\sigma_{ij} = \sum_t e_{it} e_{jt} / T_{ij}` over the dates that both units
have (pairwise), or over those that all have (casewise).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.base.arrays import Array
from panelvar.base.errors import InsufficientDataError
from panelvar.kernels.groups import Grouping

CHUNK = 1 << 21
"""Numbers in a slice of the units x units matrix, the only part of it that exists at a time."""


def diagonal_meat(x: Array, e: Array, units: Grouping) -> Array:
    r"""Return :math:`\sum_i \hat\sigma_{ii} \sum_t x_{it} x_{it}'`: a variance for each unit, nothing between them.

    Parameters
    ----------
    x : (n, p) array
    e : (n,) array
    units : Grouping
    """
    variance = units.sums(e * e) / units.sizes
    return x.T @ (x * variance[units.codes][:, None])


def correlated_meat(x: Array, e: Array, units: Grouping, dates: Grouping, *, pairwise: bool) -> Array:
    """Return the meat with all covariances between units.

    On dates that all units share, the covariances are ``E'E / T``, of rank T: with fewer dates than units the meat is
    summed over pairs of dates instead of pairs of units. Otherwise a slice of units at a time meets all others.

    Parameters
    ----------
    x : (n, p) array
    e : (n,) array
    units : Grouping
        Of the rows, which are sorted by unit.
    dates : Grouping
    pairwise : bool
        Estimate each covariance from the dates that its two units share, not from those that all units share.

    Raises
    ------
    InsufficientDataError
        Casewise, if no date has all units.
    """
    complete = dates.sizes == units.n_groups
    if not pairwise or complete.all():
        if not complete.any():
            raise InsufficientDataError("No period has every entity: the casewise covariance has no period to use.")
        if units.n_groups > dates.n_groups:
            return _by_dates(x, e, units, dates, complete)
    else:
        complete = np.ones(dates.n_groups, dtype=bool)
    return _by_units(x, e, units, dates, complete)


def _by_dates(x: Array, e: Array, units: Grouping, dates: Grouping, complete: NDArray[np.bool_]) -> Array:
    """Sum ``a_ts a_ts' / T`` with ``a_ts = sum_i x_it e_is`` over dates t and complete dates s."""
    count = int(complete.sum())
    used = complete[dates.codes]
    # Rows are sorted by unit, then date, and every unit has every complete date.
    residuals = e[used].reshape(units.n_groups, count)
    meat = np.zeros((x.shape[1],) * 2)
    order = np.argsort(dates.codes, kind="stable")
    edges = np.concatenate(([0], np.cumsum(dates.sizes)))
    for t in range(dates.n_groups):
        rows = order[edges[t] : edges[t + 1]]
        moved = x[rows].T @ residuals[units.codes[rows]]
        meat += moved @ moved.T
    return meat / count


def _by_units(x: Array, e: Array, units: Grouping, dates: Grouping, used: NDArray[np.bool_]) -> Array:
    """Multiply a slice of the units' covariances with the regressors of all units at every date."""
    p = x.shape[1]
    starts = np.concatenate(([0], np.cumsum(units.sizes)))
    n_dates = dates.n_groups
    inside = used[dates.codes]
    present = _table(inside.astype(float)[:, None], starts, dates.codes, n_dates)
    residuals = _table(np.where(inside, e, 0.0)[:, None], starts, dates.codes, n_dates)
    regressors = _table(x, starts, dates.codes, n_dates)
    width = max(units.n_groups, n_dates * p)
    step = max(1, CHUNK // width)
    meat = np.zeros((p, p))
    for first in range(0, units.n_groups, step):
        last = min(first + step, units.n_groups)
        shared = _dense(present[first:last] @ present.T)
        covariance = _dense(residuals[first:last] @ residuals.T) / np.maximum(shared, 1.0)
        spread = (covariance @ regressors).reshape(last - first, n_dates, p)
        rows = slice(starts[first], starts[last])
        meat += x[rows].T @ spread[units.codes[rows] - first, dates.codes[rows]]
    return meat


def _table(values: Array, starts: NDArray[np.integer], codes: NDArray[np.integer], n_dates: int) -> Any:
    """Lay (n, p) rows sorted by unit out as units x (dates, p), sparse unless most dates are there."""
    import scipy.sparse

    p = values.shape[1]
    places = (codes[:, None] * p + np.arange(p)).ravel()
    table = scipy.sparse.csr_array((values.ravel(), places, starts * p), shape=(len(starts) - 1, n_dates * p))
    return table.toarray() if 4 * len(codes) >= n_dates * (len(starts) - 1) else table


def _dense(table: Any) -> Array:
    return table if isinstance(table, np.ndarray) else table.toarray()
