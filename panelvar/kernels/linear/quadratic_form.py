r"""Quadratic forms of estimates in the inverse of their covariance, :math:`d' V^{-1} d`, also where V is singular.

Everything is decided on the correlations of V, so that no unit decides what counts as zero.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Mask

TOLERANCE = 1e-12
"""Share of the largest eigenvalue, in absolute value, that is rounding."""
# A part of d outside the range of V is noise up to this many of the largest errors that count as none.
_NOISE = 5.0


class QuadraticForm(NamedTuple):
    r"""The form and what is known of its covariance; leading axes are those of a batch.

    Attributes
    ----------
    statistic : (...) array
        :math:`\sum_j z_j^2 / \lambda_j` over the eigenvalues that are not zero.
    rank : (...) integer array
        How many these are.
    positive : (...) bool array
        Whether they are positive. The inverse of an indefinite matrix is taken as it is.
    determined : (...) bool array
        Whether d lies in the range of V. Otherwise the statistic depends on the basis in which d is written (on the
        base category of dummies, say): it leaves out directions in which d is not zero and V knows no variance.
    used : (..., k) bool array
        Which eigenvalues are not zero.
    directions : (..., k, k) array
        Columns: the eigenvectors, as combinations of the elements of d.
    """

    statistic: Array
    rank: NDArray[np.intp]
    positive: Mask
    determined: Mask
    used: Mask
    directions: Array


def quadratic_form(
    gap: Array, variance: Array, *, units: Array | None = None, tolerance: float = TOLERANCE
) -> QuadraticForm:
    """Return ``gap' variance^- gap`` and whether it means something.

    Parameters
    ----------
    gap : (..., k) array
    variance : (..., k, k) array
        Symmetric; may be singular or indefinite.
    units : (..., k) array, optional
        The errors that the elements are measured in; by default the roots of the diagonal of ``variance``.
    tolerance : float
        Share of the largest eigenvalue that is rounding.

    Returns
    -------
    QuadraticForm
    """
    if units is None:
        units = np.sqrt(np.abs(np.diagonal(variance, axis1=-2, axis2=-1)))
    some = units > 0.0
    safe = np.where(some, units, 1.0)
    values, vectors = np.linalg.eigh(variance / safe[..., :, None] / safe[..., None, :])
    directions = vectors / safe[..., :, None]
    # An element without any error lies outside the range however small it is in its units.
    measured = np.where(some, gap / safe, np.sign(gap))
    projected = (measured[..., None, :] @ vectors)[..., 0, :]
    sizes = np.abs(values)
    floor = tolerance * sizes.max(axis=-1, keepdims=True, initial=0.0)
    used = sizes > floor
    terms = np.where(used, np.square(projected) / np.where(used, values, 1.0), 0.0)
    return QuadraticForm(
        np.asarray(terms.sum(axis=-1)),
        np.asarray(used.sum(axis=-1)),
        np.asarray((~used | (values > 0.0)).all(axis=-1)),
        np.asarray((used | (np.abs(projected) <= _NOISE * np.sqrt(floor))).all(axis=-1)),
        used,
        directions,
    )
