"""How an estimated residual covariance varies, beside the coefficients or together with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.scaling import exponents


@dataclass(frozen=True, eq=False)
class SigmaMoves:
    r"""How an estimated sigma varies with the estimated coefficients.

    .. math:: \mathrm{vech}(\hat\Sigma - \Sigma) = L\,\mathrm{vec}(\hat B - B) + r

    with r uncorrelated with the coefficients.

    Attributes
    ----------
    slopes : (K m, K, K) array
        L: what sigma moves by as each coefficient moves by its unit, these being stacked equation by equation.
    units : (K m,) array of int
        Powers of two: in these units no slope leaves the range of numbers.
    alone : (D, K, K) array
        Directions whose outer products add up to the covariance of r.
    """

    slopes: Array
    units: Positions
    alone: Array

    def along(self, moves: Array) -> Array:
        """What sigma moves by (..., K, K) as coefficients move by (..., m, K)."""
        stacked = moves.swapaxes(-1, -2).reshape(*moves.shape[:-2], -1)
        return np.asarray(np.tensordot(np.ldexp(stacked, -self.units), self.slopes, axes=1))


def joint_moves(coefficients: Array, sigma: Array) -> SigmaMoves:
    """How sigma varies with the coefficients, from what each of G independent clusters adds to both.

    Parameters
    ----------
    coefficients : (G, K m) array
        What it adds to the coefficients, equation by equation.
    sigma : (G, K, K) array
        What it adds to sigma, its part through the coefficients included.
    """
    n_vars = sigma.shape[1]
    rows, columns = np.tril_indices(n_vars)
    own = sigma[:, rows, columns]
    # Coefficients have the units of their variables: what does not vary is judged after scaling. Squares of either in
    # the units of the data may leave the range of numbers.
    units, own_units = exponents(coefficients, axis=0), exponents(own, axis=0)
    coefficients, own = np.ldexp(coefficients, -units), np.ldexp(own, -own_units)
    sizes = np.sqrt(np.square(coefficients).sum(axis=0))
    sizes = np.where(sizes > 0.0, sizes, 1.0)
    slopes = np.linalg.lstsq(coefficients / sizes, own, rcond=None)[0] / sizes[:, None]
    upper: Any = np.linalg.qr(own - coefficients @ slopes, mode="r")
    # Whatever stands for the clusters, draws from the same seed are the same.
    rest = upper * np.where(upper.diagonal() < 0.0, -1.0, 1.0)[:, None]

    def symmetric(values: Array) -> Array:
        out = np.zeros((len(values), n_vars, n_vars))
        out[:, rows, columns] = out[:, columns, rows] = np.ldexp(values, own_units)
        return out

    return SigmaMoves(symmetric(slopes), units, symmetric(rest))


def normal_moves(factor: Array, nobs: int) -> Array:
    r"""Directions (..., D, K, K) in which the sigma of n normal errors varies, independently of the coefficients.

    It varies like :math:`P E P'`, :math:`P P' = \Sigma`, with symmetric E, variance 2 / n on the diagonal and 1 / n off
    it.
    """
    n_vars = factor.shape[-1]
    rows, columns = np.tril_indices(n_vars)
    place = np.arange(rows.size)
    units = np.zeros((rows.size, n_vars, n_vars))
    units[place, rows, columns] = units[place, columns, rows] = np.sqrt(np.where(rows == columns, 2.0, 1.0) / nobs)
    return np.asarray(factor[..., None, :, :] @ units @ factor.swapaxes(-1, -2)[..., None, :, :])
