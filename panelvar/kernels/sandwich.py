r"""Scores and meats: the middle of every sandwich covariance.

A score is the transformed regressor row times its residual, :math:`s_i = \tilde x_i \tilde e_i`. With a constant its
transformed column :math:`z_i` leads: the regressors are already orthogonal to it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from panelvar.kernels.groups import Grouping
from panelvar.kernels.rows import TransformedRows

FloatArray = NDArray[np.float64]


def score_gram(
    rows: TransformedRows, kept: NDArray[np.intp], residuals: FloatArray, constant: FloatArray | float | None
) -> FloatArray:
    r"""Return :math:`\sum_i s_i s_i'`, every row its own group (White 1980, eq. 4).

    Parameters
    ----------
    rows : TransformedRows
        The model's rows.
    kept : (k,) array
        Positions of the regressors in use.
    residuals : (n,) array
        Residuals of the transformed rows, possibly adjusted for leverage.
    constant : (n,) array, float or None
        The transformed constant column.
    """
    lead = 0 if constant is None else 1
    size = lead + len(kept)
    gram = np.zeros((size, size))
    for start, stop, block in rows.blocks():
        scores = np.empty((stop - start, size), order="F")
        part = residuals[start:stop]
        if constant is not None:
            scores[:, 0] = part * (constant if isinstance(constant, float) else constant[start:stop])
        for j, position in enumerate(kept):
            np.multiply(block[:, position], part, out=scores[:, lead + j])
        gram += scores.T @ scores
    return gram


def score_sums(
    rows: TransformedRows,
    kept: NDArray[np.intp],
    residuals: FloatArray,
    constant: FloatArray | float | None,
    groupings: Sequence[Grouping],
) -> list[FloatArray]:
    """Return, for each grouping, the scores summed within its groups, shape (G, [1 +] k).

    One transformed column is built at a time, so the extra memory is a few columns whatever k is.
    """
    lead = 0 if constant is None else 1
    sums = [np.empty((grouping.n_groups, lead + len(kept))) for grouping in groupings]
    if constant is not None:
        score = residuals * constant
        for grouping, out in zip(groupings, sums, strict=True):
            out[:, 0] = grouping.sums(score)
    for j, position in enumerate(kept):
        score = rows.column(int(position)) * residuals
        for grouping, out in zip(groupings, sums, strict=True):
            out[:, lead + j] = grouping.sums(score)
    return sums


def leverage(rows: TransformedRows, kept: NDArray[np.intp], inverse_r: FloatArray) -> FloatArray:
    r"""Return :math:`\tilde x_i' (\tilde X'\tilde X)^{-1} \tilde x_i` of each transformed row, shape (n,)."""
    out = np.empty(rows.n_rows)
    for start, stop, block in rows.blocks():
        scaled = block[:, kept] @ inverse_r
        np.einsum("ij,ij->i", scaled, scaled, out=out[start:stop])
    return out


def repair(covariance: FloatArray) -> tuple[FloatArray, bool]:
    """Return the nearest positive semi-definite matrix and whether anything had to change.

    Multi-way clustering subtracts, so its matrix can have negative eigenvalues; they are set to zero (Cameron, Gelbach
    and Miller 2011, section 2.3). Rounding below 1e-12 of the largest eigenvalue is not a change.
    """
    scale = np.sqrt(np.abs(np.diagonal(covariance)))
    scale = np.where(scale > 0.0, scale, 1.0)
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    if values[0] >= -1e-12 * max(values[-1], 0.0):
        return covariance, False
    mended = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return mended * np.outer(scale, scale), True
