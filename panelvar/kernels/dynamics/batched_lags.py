r"""Many vector autoregressions of one shape at once: one stacked QR of [terms, lags, Y] each.

Members may have different numbers of rows: those missing are rows of zeros, which change no triangle.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array
from panelvar.core.base.scaling import far_apart
from panelvar.kernels.dynamics.column_ranges import LARGEST, SMALLEST

CHUNK_BYTES = 1_000_000
"""Memory of the rows triangularised at once: they stay in the cache between being laid out and being factored."""


class BatchFit(NamedTuple):
    """Least squares of many vector autoregressions.

    Attributes
    ----------
    params : array (B, m, K)
        Coefficients, regressors by equations; NaN where a member has no fit.
    inverse_factor : array (B, m, m)
        R11^-1.
    scatter_factor : array (B, K, K)
        Lower factor of U'U.
    nobs : array of int (B,)
    estimable : array of bool (B,)
        Whether the member's regressors are independent and leave degrees of freedom, and its columns are of sizes that
        can be computed with.
    """

    params: Array
    inverse_factor: Array
    scatter_factor: Array
    nobs: npt.NDArray[np.intp]
    estimable: npt.NDArray[np.bool_]


def fit_batch(factors: Array, nobs: npt.NDArray[np.intp], n_regressors: int) -> BatchFit:
    """Read many fits off their triangles.

    Parameters
    ----------
    factors : array (B, m + K, m + K)
        Upper triangles R of [X, Y].
    nobs : array of int (B,)
        Rows behind each.
    n_regressors : int
        m.

    Returns
    -------
    BatchFit

    Examples
    --------
    A thousand VAR(1) of two variables with a constant. ``fill`` writes every column of a member's rows: the
    constant, the lags, and last the variables.

    >>> import numpy as np
    >>> from panelvar.kernels.dynamics.batched_lags import fit_batch, triangles
    >>> y = np.random.default_rng(0).standard_normal((1000, 60, 2))
    >>> def fill(first, stop, out):
    ...     out[:, :, 0] = 1.0
    ...     out[:, :, 1:3] = y[first:stop, :-1]
    ...     out[:, :, 3:] = y[first:stop, 1:]
    >>> fits = fit_batch(triangles((1000, 59, 5), fill), np.full(1000, 59), n_regressors=3)
    >>> fits.params.shape, bool(fits.estimable.all())
    ((1000, 3, 2), True)
    """
    m = n_regressors
    n_vars = factors.shape[-1] - m
    sizes = np.sqrt(np.einsum("bij,bij->bj", factors, factors))
    estimable = independent(factors, nobs)[:, :m].all(axis=1) & (nobs - m >= n_vars)
    # Sums of squares must also be in range, and units near enough for a coefficient to have a square.
    estimable &= (((sizes > SMALLEST) & (sizes < LARGEST)) | ~factors.any(axis=1)).all(axis=1)
    estimable &= ~far_apart(sizes[:, m:])
    top = np.where(estimable[:, None, None], factors[:, :m, :m], np.eye(m))
    params = np.linalg.solve(top, factors[:, :m, m:]).astype(np.float64, copy=False)
    inverse = np.linalg.solve(top, np.broadcast_to(np.eye(m), top.shape)).astype(np.float64, copy=False)
    corner = factors[:, m:, m:].swapaxes(1, 2)
    scatter = corner * np.where(corner.diagonal(axis1=1, axis2=2) < 0.0, -1.0, 1.0)[:, None, :]
    # Coefficients of numbers near the ends of the range may lie beyond them.
    estimable &= np.isfinite(params).all(axis=(1, 2)) & np.isfinite(inverse).all(axis=(1, 2))
    for array in (params, inverse, scatter):
        array[~estimable] = np.nan
    return BatchFit(params, inverse, scatter, nobs, estimable)


def independent(factors: Array, nobs: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Whether each column (B, w) is more than a linear combination of those before it, up to rounding."""
    sizes = np.sqrt(np.einsum("bij,bij->bj", factors, factors))
    # As for a single fit: a column's own size is the measure of what is left of it.
    tolerance = 32.0 * np.finfo(np.float64).eps * np.sqrt(nobs)[:, None]
    return np.asarray(np.abs(factors.diagonal(axis1=1, axis2=2)) > tolerance * sizes)


def triangles(shape: tuple[int, int, int], fill: Callable[[int, int, Array], None]) -> Array:
    """Upper triangles (B, w, w) of stacked rows, which exist a chunk at a time.

    Parameters
    ----------
    shape : (B, n, w)
        Members, rows and columns; rows short of n, or of w, are zeros.
    fill : callable
        ``fill(first, stop, out)`` writes members ``first:stop`` into ``out`` (stop - first, n, w). It sets every
        cell, since ``out`` holds the rows of other members before. `fit_batch` has an example.
    """
    n_members, n_rows, width = shape
    out = np.empty((n_members, width, width))
    size = max(1, CHUNK_BYTES // (8 * max(n_rows, 1) * width))
    buffer = np.zeros((min(size, n_members), max(n_rows, width), width))
    for first in range(0, n_members, size):
        part = buffer[: min(size, n_members - first)]
        fill(first, first + len(part), part[:, :n_rows])
        out[first : first + len(part)] = np.linalg.qr(part, mode="r")
    return out


def window_triangles(rows: Array, window: int, some: npt.NDArray[np.intp]) -> Array:
    """Triangles of runs of consecutive rows.

    Parameters
    ----------
    rows : array (n, w)
    window : int
        Rows of a run.
    some : array of int (B,)
        First row of each.

    Returns
    -------
    array (B, w, w)
    """
    views = np.lib.stride_tricks.sliding_window_view(rows, window, axis=0).swapaxes(1, 2)

    def fill(first: int, stop: int, out: Array) -> None:
        out[:] = views[some[first:stop]]

    return triangles((len(some), window, rows.shape[1]), fill)


def expanding_triangles(rows: Array, first: int) -> Array:
    """Triangles of the first rows, then of one row more each.

    Parameters
    ----------
    rows : array (n, w)
    first : int
        Rows of the first triangle.

    Returns
    -------
    array (n - first + 1, w, w)
    """
    n_rows, width = rows.shape
    out = np.empty((n_rows - first + 1, width, width))
    stack = np.zeros((max(first, width), width))
    stack[:first] = rows[:first]
    for step in range(len(out)):
        out[step] = np.linalg.qr(stack, mode="r")
        if step == len(out) - 1:
            break
        stack = np.concatenate([out[step], rows[first + step : first + step + 1]])
    return out
