"""Random draws that several methods share: rotations of shocks, multipliers of wild bootstraps, and counted draws.

A rotation is drawn uniformly among orthogonal matrices, or among those with columns orthogonal to given vectors. A
multiplier has mean zero and variance one, so that residuals times multipliers keep their first two moments.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panelvar.core.base.arrays import Array, Mask

TIE = 1e-9
"""Share of a statistic by which a draw may miss it and count as equal: draws that repeat the sample round otherwise."""


def haar_columns(shape: tuple[int, ...], n_vars: int, n_columns: int, rng: np.random.Generator) -> Array:
    """First columns of orthogonal matrices drawn uniformly (Haar measure).

    The orthonormal factor of a matrix of independent normal numbers, the triangle's diagonal positive (Rubio-Ramirez,
    Waggoner and Zha 2010).

    Parameters
    ----------
    shape : tuple of int
        Leading axes: how many are drawn.
    n_vars, n_columns : int
        K and S; K is at least S.
    rng : Generator

    Returns
    -------
    array (..., K, S)
    """
    factor, triangle = np.linalg.qr(rng.standard_normal((*shape, n_vars, n_columns)))
    signs = np.where(triangle.diagonal(axis1=-2, axis2=-1) < 0.0, -1.0, 1.0)
    return factor * signs[..., None, :]


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
        Arias, Rubio-Ramirez and Waggoner (2018, Econometrica 86), before importance weights.
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


def wild_multipliers(kind: str, shape: tuple[int, int], rng: np.random.Generator) -> Array:
    r"""Independent numbers of mean zero and variance one.

    Parameters
    ----------
    kind : {"rademacher", "normal", "mammen", "webb", "gamma"}
        1 or -1; the standard normal; :math:`-(\sqrt5 - 1)/2` with probability :math:`(\sqrt5 + 1)/(2\sqrt5)`, else
        :math:`(\sqrt5 + 1)/2`; :math:`\pm\sqrt{1/2}, \pm 1, \pm\sqrt{3/2}`, each with probability 1/6; a gamma
        variable of shape 4 and scale 1/2, less 2 (Liu 1988).
    shape : (int, int)
        A draw is a row: the same generator gives the same draws whatever the number of rows at a time.
    """
    if kind == "rademacher":
        # 32-bit draws halve the cost.
        return np.asarray(2.0 * rng.integers(0, 2, shape, dtype=np.uint32) - 1.0)
    if kind == "normal":
        return np.asarray(rng.standard_normal(shape))
    if kind == "webb":
        six = np.sqrt([0.5, 1.0, 1.5])
        return np.asarray(np.concatenate((-six, six))[rng.integers(0, 6, shape)])
    if kind == "gamma":
        return np.asarray(rng.gamma(4.0, 0.5, shape) - 2.0)
    golden = 0.5 * (np.sqrt(5.0) + 1.0)
    return np.asarray(np.where(rng.random(shape) < golden / np.sqrt(5.0), 1.0 - golden, golden))


def reach(draws: Array, statistic: Array | float) -> Mask:
    """Whether drawn statistics are at least as large as the sample's, up to the rounding of draws that repeat it.

    Parameters
    ----------
    draws, statistic : array
        Of one shape, or broadcast. Statistics have no unit: one below 1 counts as 1 where rounding is concerned.
    """
    return np.asarray(draws >= statistic - TIE * np.maximum(np.abs(statistic), 1.0))
