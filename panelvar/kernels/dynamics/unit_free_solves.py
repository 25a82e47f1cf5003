r"""Linear systems whose rows and columns are in the units of the variables, solved in units of the errors.

Elimination picks the largest entry of a column to divide by. Where rows are in units as far apart as those of interest
rates and gross products it would always be the same row, however small its own part in the column.
"""

from __future__ import annotations

import numpy as np

from panelvar.core.base.arrays import Array

_SWEEPS = 10


def lower_solve(lower: Array, right: Array) -> Array:
    """Solve ``L X = B`` for lower triangles L (..., K, K), such as Cholesky factors; B is (..., K, q)."""
    sizes = np.sqrt(np.einsum("...ij,...ij->...i", lower, lower))[..., None]
    # A row of zeros is for the solver to refuse.
    sizes = np.where(sizes > 0.0, sizes, 1.0)
    return np.linalg.solve(lower / sizes, right / sizes).astype(np.float64, copy=False)


def lower_inverse(lower: Array) -> Array:
    """Inverses of lower triangles (..., K, K)."""
    return np.tril(lower_solve(lower, np.broadcast_to(np.eye(lower.shape[-1]), lower.shape)))


def impact_solve(a: Array, b: Array, sizes: Array) -> Array:
    r"""Solve :math:`A X = B` for matrices whose rows are equations and columns of A variables, all (..., K, K).

    Parameters
    ----------
    a, b : array (..., K, K)
    sizes : array (K,)
        Scale of each variable.
    """
    scaled = a * sizes
    rows = np.sqrt(np.einsum("...ij,...ij->...i", scaled, scaled))[..., None]
    rows = np.where(rows > 0.0, rows, 1.0)
    solved = np.linalg.solve(scaled / rows, b / rows)
    return (sizes[:, None] * solved).astype(np.float64, copy=False)


def summed_solve(total: Array, right: Array, sizes: Array | None = None) -> Array:
    r"""Solve :math:`(I - A_1 - \dots - A_p) X = B`, which sums the responses to B.

    Parameters
    ----------
    total : array (..., K, K)
        The matrix on the left.
    right : array (..., K, q)
    sizes : array (..., K), optional
        Scale of each variable, such as the errors' standard deviations; without it the matrix is balanced (for one
        system, not for a batch).
    """
    if sizes is None:
        sizes = _balance(total)
    ratio = sizes[..., :, None] / sizes[..., None, :]
    solved = np.linalg.solve(total / ratio, right / sizes[..., None])
    return (sizes[..., None] * solved).astype(np.float64, copy=False)


def _balance(matrix: Array) -> Array:
    """Powers of two (K,) that make rows and columns of a square matrix alike in size (Osborne 1960)."""
    left, sizes = np.abs(matrix - np.diag(matrix.diagonal())), np.ones(len(matrix))
    for _ in range(_SWEEPS):
        before = sizes.copy()
        for place in range(len(matrix)):
            row, column = left[place].sum(), left[:, place].sum()
            if row > 0.0 and column > 0.0:
                unit = np.exp2(np.round(0.5 * (np.log2(row) - np.log2(column))))
                left[place] /= unit
                left[:, place] *= unit
                sizes[place] *= unit
        if (sizes == before).all():
            break
    return sizes
