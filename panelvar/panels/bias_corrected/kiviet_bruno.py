r"""The bias of least squares with dummies in a first-order autoregression of a panel, approximated to three orders.

Kiviet (1995), Bun and Kiviet (2003) and, for unbalanced panels, Bruno (2005a). With :math:`S_i` the diagonal matrix of
ones in the periods of an entity's rows, :math:`M_i` the matrix that takes the mean of these rows out, :math:`L` the
lag of one period, :math:`C = L(I - \gamma L)^{-1}`, :math:`\Pi_i = M_i C S_i`, :math:`\bar W_i` the regressors with the
lag of y freed of its own errors,
:math:`Q = (\sum \bar W_i'M_i\bar W_i + \sigma^2 \operatorname{tr}(\Pi'\Pi)\,e_1e_1')^{-1}` and :math:`q = Qe_1`,

.. math::

    b_1 &= \sigma^2 \operatorname{tr}(\Pi)\, q \\
    b_2 &= -\sigma^2 \left[Q\bar W'\Pi M\bar W + \operatorname{tr}(Q\bar W'\Pi M\bar W) I
           + 2\sigma^2 q_{1}\operatorname{tr}(\Pi'\Pi\Pi) I\right] q \\
    b_3 &= \sigma^4\operatorname{tr}(\Pi)\left[2 q_{1} Q\bar W'\Pi\Pi'\bar W q + \left(q'\bar W'\Pi\Pi'\bar Wq
           + q_{1}\operatorname{tr}(Q\bar W'\Pi\Pi'\bar W)
           + 2\sigma^2\operatorname{tr}(\Pi'\Pi\Pi'\Pi)\, q_{1}^2\right) q\right]

are the terms of orders 1/T, 1/(NT) and 1/(NT^2); sums go over entities.

Stata's ``xtlsdvc`` departs from this in two places. It leaves :math:`S_i` out of :math:`\Pi_i`: errors before an
entity's first row then count as if they had been taken out of :math:`\bar W_i`, and the bias of an entity that starts
late depends on when others start. And it leaves :math:`\sigma^2` out of the last trace, so that the third order depends
on the units of y; the term is the variance of :math:`\varepsilon'\Pi'\Pi\varepsilon`,
:math:`2\sigma^4\operatorname{tr}(\Pi'\Pi\Pi'\Pi)`, in the expectation of
:math:`\sigma^2\operatorname{tr}(\Pi)\,Q\Delta Q\Delta q` with :math:`\Delta` the cross products less their own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array, Mask
from panelvar.panels.bias_corrected.lagged_rows import less_means


class Corrected(NamedTuple):
    """Least squares and its bias.

    Attributes
    ----------
    within : (..., 1 + k) array
        Coefficients of the lag and of the basis by least squares.
    bias : (..., 1 + k) array
        Their bias to the order asked for.
    variance : (...) array
        Variance of the errors, in the cube's unit squared.
    """

    within: Array
    bias: Array
    variance: Array

    @property
    def coefficients(self) -> Array:
        """Least squares less the bias."""
        return self.within - self.bias


def corrected_within(
    mask: Mask,
    y: Array,
    lagged: Array,
    basis: Array,
    initial: Array,
    order: int,
    free: int,
    variance: Array | None = None,
    stata: float | None = None,
) -> Corrected:
    """Correct least squares with dummies, of one data set or of many that share their regressors.

    Parameters
    ----------
    mask : (N, T) bool array
    y, lagged : (..., N, T) arrays
        Dependent variable and its lag less the means of entities; zero where there is no row.
    basis : (N, T, k) array
        Orthonormal columns.
    initial : (..., 1 + k) array
        Consistent estimates to evaluate the bias at, of the lag first.
    order : {1, 2, 3}
    free : int
        What the sum of squared errors is divided by.
    variance : (...) array, optional
        Variance of the errors; by default that of the errors at the initial estimates.
    stata : float, optional
        As ``xtlsdvc`` has it: with this in place of the variance of the last trace, one in the caller's unit squared,
        and errors before the entities' first rows.
    """
    k = basis.shape[2]
    lead, size = y.shape[:-2], mask.size
    flat = basis.reshape(size, k)
    within = _within(y.reshape(*lead, size), lagged.reshape(*lead, size), flat)
    gamma, slopes = initial[..., 0], initial[..., 1:]
    explained = (slopes @ flat.T).reshape(*lead, *mask.shape)
    errors = y - gamma[..., None, None] * lagged - explained
    if variance is None:
        variance = np.square(errors).sum(axis=(-2, -1)) / free
    response = lag_response(gamma, mask.shape[1])
    free_lag = lagged - less_means(mask, errors @ np.swapaxes(response, -1, -2))
    # Columns of M W, and of C'M W.
    own = np.concatenate((free_lag.reshape(*lead, size, 1), np.broadcast_to(flat, (*lead, *flat.shape))), axis=-1)
    through = np.concatenate(
        (
            (free_lag @ response).reshape(*lead, size, 1),
            np.einsum("...st,nsk->...ntk", response, basis).reshape(*lead, size, k),
        ),
        axis=-1,
    )
    if stata is None:
        through = np.where(mask.reshape(size, 1), through, 0.0)
    transposed = np.swapaxes(through, -1, -2)
    trace, squares, cubes, fourths = traces(mask, response, own_errors=stata is None)
    unit = np.zeros(1 + k)
    unit[0] = 1.0
    inner = np.swapaxes(own, -1, -2) @ own
    inner[..., 0, 0] += variance * squares
    q = _solve_scaled(inner, np.broadcast_to(unit, (*lead, 1 + k))[..., None])[..., 0]
    first = q[..., 0]
    bias = (variance * trace)[..., None] * q
    if order >= 2:
        moved = _solve_scaled(inner, transposed @ own)
        level = np.trace(moved, axis1=-2, axis2=-1) + 2.0 * variance * first * cubes
        bias = bias - variance[..., None] * ((moved @ q[..., None])[..., 0] + level[..., None] * q)
    if order >= 3:
        product = transposed @ through
        moved = _solve_scaled(inner, product)
        turned = (moved @ q[..., None])[..., 0]
        level = (
            (q * (product @ q[..., None])[..., 0]).sum(axis=-1)
            + first * np.trace(moved, axis1=-2, axis2=-1)
            + 2.0 * (variance if stata is None else stata) * fourths * first**2
        )
        scale = variance**2 * trace
        bias = bias + scale[..., None] * (2.0 * first[..., None] * turned + level[..., None] * q)
    return Corrected(within, bias, variance)


def lag_response(gamma: Array, periods: int) -> Array:
    """What an error does to the lag of y, (..., T, T): ``gamma ** (t - s - 1)`` in row t and column s < t."""
    apart = np.subtract.outer(np.arange(periods), np.arange(periods)) - 1
    powers = gamma[..., None, None] ** np.maximum(apart, 0)
    out: Array = np.where(apart >= 0, powers, 0.0)
    return out


def traces(mask: Mask, response: Array, *, own_errors: bool) -> tuple[Array, Array, Array, Array]:
    r"""Traces of :math:`\Pi`, :math:`\Pi'\Pi`, :math:`\Pi'\Pi\Pi` and :math:`\Pi'\Pi\Pi'\Pi`, summed over entities.

    Entities with rows in the same periods have the same. Errors are those of an entity's own rows, or of all periods.
    """
    patterns, counts = np.unique(mask, axis=0, return_counts=True)
    totals = np.zeros((4, *response.shape[:-2]))
    for pattern, count in zip(patterns, counts, strict=True):
        if not pattern.any():
            continue
        projected = less_means(pattern[None], np.swapaxes(response, -1, -2)[..., None, :])[..., 0, :]
        projected = np.swapaxes(projected, -1, -2)
        if own_errors:
            projected = np.where(pattern, projected, 0.0)
        square = np.swapaxes(projected, -1, -2) @ projected
        totals[0] += count * np.trace(projected, axis1=-2, axis2=-1)
        totals[1] += count * np.trace(square, axis1=-2, axis2=-1)
        totals[2] += count * (square * np.swapaxes(projected, -1, -2)).sum(axis=(-2, -1))
        totals[3] += count * np.square(square).sum(axis=(-2, -1))
    return totals[0], totals[1], totals[2], totals[3]


def _within(y: Array, lagged: Array, flat: Array) -> Array:
    """Least squares of y on its lag and orthonormal columns, (..., 1 + k)."""
    projected = lagged @ flat
    left = lagged - projected @ flat.T
    slope = (left * y).sum(axis=-1) / (left * left).sum(axis=-1)
    return np.concatenate((slope[..., None], y @ flat - slope[..., None] * projected), axis=-1)


def _solve_scaled(matrix: Array, right: Array) -> Array:
    """Solve equations whose first unknown alone has a size of its own."""
    size = np.sqrt(matrix[..., 0, 0])[..., None, None]
    scaled, target = matrix.copy(), right.copy()
    scaled[..., 0, :] /= size[..., 0]
    scaled[..., :, 0] /= size[..., 0]
    target[..., 0, :] /= size[..., 0]
    out = np.asarray(np.linalg.solve(scaled, target))
    out[..., 0, :] /= size[..., 0]
    return out
