r"""The triangular factor of well conditioned rows from their cross products, where that is as good as QR and faster.

Cholesky of :math:`A'A` loses digits with the square of the condition number of A, Householder QR of A does not. On the
columns scaled to unit length, :math:`\lVert R^{-1} \rVert_F^2` is the sum of their variance inflation factors (the last
column, the dependent variable, among them), and bounds that square. Up to `MOST_INFLATION` the factor agrees with that
of QR to 1e-12; beyond, or where a square leaves the range of numbers, there is none, and QR is the way.
"""

from __future__ import annotations

import numpy as np

from panelvar.base.arrays import Array
from panelvar.kernels.qr import _lapack

MOST_INFLATION = 200.0
"""Largest sum of variance inflation factors at which cross products are factored: rounding stays below 1e-13."""
# BLAS multiplies whole groups of four columns at full speed.
_LANES = 4
# Below this many columns QR is as fast.
_FEWEST = 4
# Squares between these lose no digits to underflow and cannot overflow in a product.
_SMALLEST, _LARGEST = 1e-200, 1e200


def pays(columns: int) -> bool:
    """Whether cross products of this many columns are faster than QR."""
    return columns >= _FEWEST


class CrossProducts:
    """The cross products of row blocks, added up.

    Parameters
    ----------
    columns : int
        Number of columns of every block.
    rows : int
        Rows of the longest block.
    """

    __slots__ = ("_buffer", "_columns", "_stack", "_sum", "_width")

    def __init__(self, columns: int, rows: int) -> None:
        self._columns = columns
        self._width = -(-columns // _LANES) * _LANES
        self._buffer = np.empty(rows * self._width)
        self._sum = np.zeros((self._width, self._width))
        self._stack = self._buffer[:0].reshape(0, self._width)

    def room(self, rows: int) -> Array:
        """Scratch of shape ``(rows, columns)``, column-major, for the caller to fill before `update`."""
        self._stack = self._buffer[: rows * self._width].reshape((rows, self._width), order="F")
        self._stack[:, self._columns :] = 0.0
        return self._stack[:, : self._columns]

    def update(self) -> None:
        """Add the cross products of the rows written to the last `room`."""
        # What overflows here has no factor.
        with np.errstate(over="ignore", invalid="ignore"):
            self._sum += self._stack.T @ self._stack

    def triangle(self) -> Array | None:
        """Return the R factor (columns, columns) of all rows so far, or None where QR is needed."""
        return triangle_of(self._sum[: self._columns, : self._columns])


def triangle_of(gram: Array) -> Array | None:
    """Factor a cross-product matrix ``R'R``, or return None where the columns are too close to dependent.

    Parameters
    ----------
    gram : (k, k) array

    Returns
    -------
    (k, k) array or None
        Upper triangular, with a positive diagonal.
    """
    lapack = _lapack()
    squares = np.diagonal(gram)
    # Written so that NaN fails it.
    if not (squares.min() > _SMALLEST and squares.max() < _LARGEST):
        return None
    length = np.sqrt(squares)
    factor, failure = lapack.dpotrf(gram / length / length[:, None], lower=0, clean=1)
    if failure:
        return None
    inverse, failure = lapack.dtrtri(factor)
    if failure or not np.square(inverse).sum() <= MOST_INFLATION:
        return None
    return np.asfortranarray(factor * length)
