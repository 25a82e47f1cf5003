r"""Generalised least squares with one covariance matrix between units, the same at every date.

At date t the units :math:`S_t` have rows, and their errors have the covariance :math:`\Sigma[S_t, S_t]`. Errors of
different dates are uncorrelated. If unit and date change places, it is one covariance over time for all units. Rows are
sorted by unit, then date, or by date, then unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import InsufficientDataError, NumericalError
from panelvar.kernels.linear.groups import Grouping, equal_runs

TOLERANCE = 1e-10
"""A row depends on the rows before it if its variance given those is at most this share of its own variance."""


def mean_squares(e: Array, units: Grouping) -> Array:
    r"""Return :math:`\hat\sigma_i^2 = \sum_t e_{it}^2 / T_i`, shape (G,)."""
    return units.sums(e * e) / units.sizes


def unit_covariances(e: Array, units: Grouping, dates: Grouping, *, pairwise: bool) -> Array:
    r"""Return :math:`\hat\sigma_{ij} = \sum_t e_{it} e_{jt} / T_{ij}`, shape (G, G).

    Parameters
    ----------
    e : (n,) array
    units, dates : Grouping
    pairwise : bool
        Over the dates that both units have; False: over those that all units have.

    Raises
    ------
    InsufficientDataError
        If two units share no date (pairwise), or no date has all units.
    """
    table = np.zeros((units.n_groups, dates.n_groups))
    table[units.codes, dates.codes] = e
    complete = dates.sizes == units.n_groups
    if complete.all():
        return table @ table.T / dates.n_groups
    if not pairwise:
        count = int(complete.sum())
        if not count:
            raise InsufficientDataError(
                f"The {units.n_groups} x {units.n_groups} covariance of the errors has no complete row of data. "
                "pairwise=True uses what each pair shares."
            )
        table = table[:, complete]
        return table @ table.T / count
    present = np.zeros_like(table)
    present[units.codes, dates.codes] = 1.0
    shared = present @ present.T
    if not shared.all():
        absent = int((shared == 0.0).sum()) // 2
        raise InsufficientDataError(
            f"{absent} of the {units.n_groups * (units.n_groups - 1) // 2} error covariances cannot be estimated, "
            "because their pairs are never observed together. Leave out entities (or periods) that overlap with few "
            "others."
        )
    return table @ table.T / shared


def whiten(
    columns: Sequence[Array],
    covariance: Array,
    units: Grouping,
    dates: Grouping,
    *,
    singular: str = "refuse",
    centred: bool = False,
) -> tuple[list[Array], float, int]:
    r"""Multiply the rows of each date by :math:`C_t^{-1}`, :math:`C_t C_t' = \Sigma[S_t, S_t]` lower triangular.

    Parameters
    ----------
    columns : sequence of (n,) arrays
    covariance : (G, G) array
    units, dates : Grouping
    singular : {"refuse", "drop"}
        What happens to a row that depends on the rows before it, or whose variance given those is negative. "refuse"
        raises an error. With "drop" it has no weight (its whitened row is zero), as in the generalised inverse
        :math:`L^{-\prime} D^+ L^{-1}` of :math:`\Sigma = L D L'` (R's bdsmatrix); a negative variance still enters the
        rows after it.
    centred : bool
        The rows of a date sum to zero: the covariance is inverted on the space of such rows, in the basis of
        `contrasts`, and the last whitened row of each date is zero.

    Returns
    -------
    list of (n,) arrays
    float
        :math:`\sum_t \log \det \Sigma[S_t, S_t]`, over the rows that are not left out.
    int
        Rows left out.

    Raises
    ------
    NumericalError
        If a covariance is not positive definite.
    """
    from scipy.linalg import solve_triangular

    stacked = np.column_stack(columns)
    out = np.empty_like(stacked)
    log_determinant, dropped = 0.0, 0
    for members, rows in _patterns(units, dates):
        matrix = covariance[np.ix_(members, members)]
        # (dates, members, k) -> (members, dates, k)
        block = stacked[rows].transpose(1, 0, 2)
        solved = np.zeros_like(block)
        if centred and len(members) == 1:
            # A single row is its own mean, so nothing is left of it.
            out[rows] = 0.0
            continue
        if centred:
            basis = contrasts(len(members))
            matrix = basis.T @ matrix @ basis
            block = np.tensordot(basis, block, axes=(0, 0))
        root, left_out = _factor(matrix, singular)
        size, (count, k) = len(root), block.shape[1:]
        solved[:size] = solve_triangular(root, block.reshape(size, -1), lower=True).reshape(size, count, k)
        solved[:size][left_out] = 0.0
        out[rows] = solved.transpose(1, 0, 2)
        log_determinant += 2.0 * count * float(np.log(np.diagonal(root)[~left_out]).sum())
        dropped += count * int(left_out.sum())
    return [np.ascontiguousarray(out[:, j]) for j in range(out.shape[1])], log_determinant, dropped


def contrasts(size: int) -> Array:
    r"""Return an orthonormal basis of the vectors that sum to zero (Helmert), shape (size, size - 1).

    Column j has :math:`(j(j+1))^{-1/2}` in its first j rows and :math:`-(j / (j + 1))^{1/2}` in the next.
    """
    j = np.arange(1, size)
    basis = np.where(np.arange(size)[:, None] < j, 1.0 / np.sqrt(j * (j + 1.0)), 0.0)
    basis[j, j - 1] = -np.sqrt(j / (j + 1.0))
    return basis


def _patterns(units: Grouping, dates: Grouping) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield the sets of units that are observed together, with the rows (dates, members) of the dates they share."""
    order = np.argsort(dates.codes, kind="stable")
    edges = np.concatenate(([0], np.cumsum(dates.sizes)))
    for alike in equal_runs(units.codes[order], edges):
        rows = order[edges[alike][:, None] + np.arange(dates.sizes[alike[0]])]
        yield np.asarray(units.codes[rows[0]], dtype=np.intp), rows


def _factor(matrix: Array, singular: str) -> tuple[Array, NDArray[np.bool_]]:
    """Return the factor L |D|^1/2 of the matrix L D L', and the rows where D is not positive.

    Where it is zero, nothing is taken from the rows after it.
    """
    diag = np.diagonal(matrix)
    size = len(diag)
    if not (diag > 0.0).all():
        raise NumericalError(
            f"{(diag <= 0.0).sum()} of {size} error variances are zero. Their rows fit exactly, and generalised least "
            "squares has no weight for them."
        )
    scale = np.sqrt(diag)
    correlation = matrix / np.outer(scale, scale)
    root = np.zeros_like(matrix)
    left_out = np.zeros(size, dtype=bool)
    try:
        factor = np.linalg.cholesky(correlation)
        if (np.square(np.diagonal(factor)) > TOLERANCE).all():
            return factor * scale[:, None], left_out
    except np.linalg.LinAlgError:
        pass
    signs = np.ones(size)
    for j in range(size):
        before = root[:, :j] * signs[:j]
        pivot = correlation[j, j] - before[j] @ root[j, :j]
        if pivot <= TOLERANCE:
            if singular == "refuse":
                kind = "singular" if pivot > -np.sqrt(TOLERANCE) else "not positive definite"
                raise NumericalError(f"The {size} x {size} covariance of the errors is {kind} and has no inverse.")
            left_out[j] = True
            signs[j] = -1.0
            if pivot >= -TOLERANCE:
                root[j, j] = 1.0
                continue
        root[j, j] = np.sqrt(abs(pivot))
        root[j + 1 :, j] = signs[j] * (correlation[j + 1 :, j] - before[j + 1 :] @ root[j, :j]) / root[j, j]
    return root * scale[:, None], left_out
