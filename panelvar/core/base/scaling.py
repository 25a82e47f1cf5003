"""Powers of two as units: dividing by one changes no digit, and keeps squares in the range of numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.errors import NumericalError

FURTHEST_APART = 1e135
"""Ratio of two columns' sizes beyond which coefficients, or their squares, leave the range of numbers."""
NEAR_ONE = 1e-67, 1e67
"""Two columns of sizes between these are nearer than that."""


def exponents(values: Array, axis: int | tuple[int, ...] | None = None) -> Positions:
    """Return e such that the largest of ``values / 2**e`` along an axis lies between one half and one; 0 for zeros."""
    found: Positions = np.frexp(np.abs(values).max(axis=axis, initial=0.0))[1].astype(np.intp)
    return found


def in_own_units(values: Array) -> Array:
    """Divide an array by a power of two of its size: what does not depend on its units may be computed from this."""
    out: Array = np.ldexp(values, -exponents(values))
    return out


def columns_in_own_units(values: Array) -> Array:
    """Divide each column of (n, k) by a power of two of its own size."""
    out: Array = np.ldexp(values, -exponents(values, axis=0))
    return out


def equilibrated(matrix: Array) -> Array:
    r"""Scale rows and columns so that the logarithms of the entries are as near zero as can be (Curtis and Reid 1972).

    The answer does not depend on the units of rows and columns: ranks of restrictions are decided on it.
    """
    rows, columns = np.nonzero(matrix)
    if len(rows) == 0:
        return matrix
    logs = np.log2(np.abs(matrix[rows, columns]))
    places = np.zeros((len(rows), sum(matrix.shape)))
    places[np.arange(len(rows)), rows] = places[np.arange(len(rows)), len(matrix) + columns] = 1.0
    # Zeros and ones, whatever the units; several scalings fit equally well where blocks are apart, and any will do.
    shifts = np.linalg.lstsq(places, logs, rcond=None)[0]
    out = np.zeros_like(matrix)
    out[rows, columns] = np.sign(matrix[rows, columns]) * np.exp2(logs - places @ shifts)
    return out


def far_apart(norms: Array) -> Mask:
    """Whether sizes (..., k) are too far apart for a coefficient of one variable for another to have a square."""
    # The product would overflow.
    apart: Mask = norms.max(axis=-1, initial=0.0) / FURTHEST_APART > _sized(norms).min(axis=-1, initial=np.inf)
    return apart


def _sized(norms: Array) -> Array:
    """Sizes, infinite for columns of zeros, which have none."""
    return np.where(norms > 0.0, norms, np.inf)


def refuse_far_apart(names: Sequence[str], norms: Array) -> None:
    """Refuse variables of sizes (k,) so far apart that a coefficient of one for another has no square.

    Raises
    ------
    NumericalError
        If they are too far apart. The message names two of them.
    """
    if far_apart(norms):
        low, high = int(_sized(norms).argmin()), int(norms.argmax())
        raise NumericalError(
            f"The sizes of {names[high]!r} and {names[low]!r} are {norms[high]:.0e} and {norms[low]:.0e}. In such "
            "units, coefficients and standard errors leave the range of numbers. Rescale one of them."
        )
