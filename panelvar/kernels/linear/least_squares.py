r"""Small problems of linear algebra whose answers must not depend on units, solved on columns of length one.

A fit by columns that may be dependent, and a root of a covariance that may be singular.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from panelvar.core.base.arrays import Array


def least_squares(columns: Array, target: Array) -> Array:
    r"""Coefficients b (k, ...) that minimise :math:`\lVert y - X b \rVert`, of least norm where columns are dependent.

    Columns are divided by their lengths first: which of them count as dependent, and the norm, is then a matter of
    their directions.

    Parameters
    ----------
    columns : array (n, k)
        X.
    target : array (n, ...)
        y, or several side by side.
    """
    sizes = np.sqrt(np.einsum("ij,ij->j", columns, columns))
    lengths = np.where(sizes > 0.0, sizes, 1.0)
    found = np.asarray(np.linalg.lstsq(columns / lengths, target, rcond=None)[0], dtype=np.float64)
    return found / (lengths if found.ndim == 1 else lengths[:, None])


def covariance_root(covariance: Array) -> Array:
    """Lower triangular C (..., k, k) with C C' a covariance, singular or not: its Cholesky factor where that exists.

    Otherwise it comes from the eigenvectors of its correlations, without negative eigenvalues, which are rounding. A QR
    of them makes the triangle, which unlike eigenvectors moves little where the covariance does.
    """
    scale = np.sqrt(np.maximum(covariance.diagonal(axis1=-2, axis2=-1), 0.0))[..., None]
    safe = np.where(scale > 0.0, scale, 1.0)
    values, vectors = np.linalg.eigh(covariance / safe / safe.swapaxes(-2, -1))
    spread = vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]
    upper: Any = np.linalg.qr(spread.swapaxes(-2, -1), mode="r")
    signs = np.where(upper.diagonal(axis1=-2, axis2=-1) < 0.0, -1.0, 1.0)
    # What does not vary has a row of zeros: the root of a rounded eigenvalue would be ten thousand times the rounding.
    return np.asarray((upper * signs[..., None]).swapaxes(-2, -1) * scale)
