"""Series from outside a system, made orthonormal over the rows that have them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array


def own_rows(instruments: Array) -> npt.NDArray[np.bool_]:
    """Rows (..., n) in which every instrument (..., n, k) is observed."""
    return np.asarray(np.isfinite(instruments).all(axis=-1), dtype=np.bool_)


def orthonormal_instruments(instruments: Array) -> Array:
    """Instruments (..., n, k) as demeaned orthonormal columns over the rows that have them all, zero in the others.

    Raises
    ------
    numpy.linalg.LinAlgError
        They are collinear, or do not vary.
    """
    rows = own_rows(instruments)[..., None]
    values = np.where(rows, instruments, 0.0)
    counts = np.maximum(rows.sum(axis=-2, keepdims=True), 1)
    values = np.where(rows, values - values.sum(axis=-2, keepdims=True) / counts, 0.0)
    sizes = np.sqrt(np.einsum("...nk,...nk->...k", values, values))[..., None, :]
    if not (sizes > 0.0).all():
        raise np.linalg.LinAlgError
    values = values / sizes
    lower = np.linalg.cholesky(values.swapaxes(-1, -2) @ values)
    return np.linalg.solve(lower, values.swapaxes(-1, -2)).swapaxes(-1, -2).astype(np.float64, copy=False)
