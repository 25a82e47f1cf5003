"""Random orthogonal matrices, some of whose columns must be orthogonal to given vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panelvar.base.arrays import Array


def haar_columns(shape: tuple[int, ...], n_vars: int, n_columns: int, rng: np.random.Generator) -> Array:
    """First columns of orthogonal matrices drawn uniformly (Haar measure), of shape ``(*shape, K, S)``.

    The orthonormal factor of a matrix of independent normal numbers, the triangle's diagonal positive (Rubio-Ramirez,
    Waggoner and Zha 2010, algorithm 2).
    """
    factor, triangle = np.linalg.qr(rng.standard_normal((*shape, n_vars, n_columns)))
    signs = np.where(triangle.diagonal(axis1=-2, axis2=-1) < 0.0, -1.0, 1.0)
    turned: Array = factor * signs[..., None, :]
    return turned


def constrained_columns(zeros: Sequence[Array], rng: np.random.Generator) -> Array:
    """Orthonormal columns, each drawn uniformly among those orthogonal to its own vectors and to the columns before it.

    Parameters
    ----------
    zeros : sequence of array (..., z, K)
        For each column, in the order drawn, the vectors it must be orthogonal to; z may be 0. Together with the columns
        before it they must leave a direction.

    Returns
    -------
    array (..., K, S)
        Arias, Rubio-Ramirez and Waggoner (2018, Econometrica 86, section 4), before importance weights.
    """
    batch, n_vars = zeros[0].shape[:-2], zeros[0].shape[-1]
    columns = np.zeros((*batch, n_vars, 0))
    for rows in zeros:
        barred = np.concatenate([rows.swapaxes(-1, -2), columns], axis=-1)
        column = rng.standard_normal((*batch, n_vars, 1))
        if barred.shape[-1]:
            basis = np.linalg.qr(barred)[0]
            for _ in range(2):  # Twice is enough for orthogonality to working precision.
                column = column - basis @ (basis.swapaxes(-1, -2) @ column)
        column = column / np.sqrt(np.einsum("...ij,...ij->...j", column, column))[..., None, :]
        columns = np.concatenate([columns, column], axis=-1)
    return columns
