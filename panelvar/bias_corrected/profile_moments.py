r"""Moments of least squares with dummies, freed of their bias, in an autoregression of a panel.

With :math:`e_i = y_i - W_i\theta` the errors less their mean, :math:`T_i` rows in an entity, and
:math:`\psi_d` the response of y to its error d periods before,

.. math:: E\,y_{i,-j}'M_ie_i = \sigma_i^2\operatorname{tr}(M_iC_j)
          = -\frac{\sigma_i^2}{T_i}\sum_{d \ge j} n_{id}\psi_{d-j}, \qquad E\,e_i'M_ie_i = (T_i - 1)\sigma_i^2,

where :math:`n_{id}` counts the pairs of the entity's rows that are d periods apart. Replacing the variance by the
second gives moments of mean zero at the true coefficients (Bun and Carree 2005; Dhaene and Jochmans 2016; Breitung,
Kripfganz and Hayakawa 2022), whatever the entities' variances and the pattern of their rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from panelvar.base.arrays import Array, Mask
from panelvar.bias_corrected.lagged_rows import WithinCube

_NEWTON_STEPS = 12
_SMALLEST_STEP = 2.0**-20
"""Of the path from least squares to the corrected moments: where no smaller step goes on, the path has turned."""
_CLOSE = 1e-13


class Root(NamedTuple):
    """Where the moments of the lags are zero, or nearest to it.

    Attributes
    ----------
    lags : (p,) array
        Coefficients of the lags.
    found : bool
        Whether they are zero, on the branch that leaves from least squares.
    """

    lags: Array
    found: bool


def pairs_apart(mask: Mask) -> Array:
    """How many pairs of rows of each entity are d periods apart, (N, T); d = 0 counts the rows."""
    size = mask.shape[1]
    rows = mask.astype(np.float64)
    return np.stack([(rows[:, d:] * rows[:, : size - d]).sum(axis=1) for d in range(size)], axis=1)


def responses(lags: Array, periods: int) -> Array:
    r"""The first :math:`\psi_d` of an autoregression, from :math:`\psi_0 = 1`."""
    out = np.zeros(periods)
    out[0] = 1.0
    for d in range(1, periods):
        back = min(d, len(lags))
        out[d] = lags[:back] @ out[d - back : d][::-1]
    return out


@dataclass(frozen=True, eq=False)
class ProfileMoments:
    r"""Moments of the lags with all other coefficients at their least-squares values given the lags.

    They are :math:`c - A\rho + \sum_d \psi_{d-j}(\rho)\, h_d(\rho)`, :math:`h_d = (1, -\rho')H_d(1, -\rho')'`.

    Attributes
    ----------
    cross : (p,) array
    inner : (p, p) array
        c and A: products of what the other regressors leave of y and its lags.
    weighted : (T, 1 + p, 1 + p) array
        H: the same products entity by entity, times :math:`n_{id} / (T_i (T_i - 1))`, summed.
    """

    cross: Array
    inner: Array
    weighted: Array

    @classmethod
    def of(cls, cube: WithinCube) -> ProfileMoments:
        """Compute the moments' parts from the rows."""
        columns = np.concatenate((cube.y[..., None], cube.lagged), axis=2)
        flat, basis = columns.reshape(cube.mask.size, columns.shape[2]), cube.flat_basis
        left = (flat - basis @ (basis.T @ flat)).reshape(columns.shape)
        own = np.swapaxes(left, 1, 2) @ left
        weighted = np.tensordot(bias_weights(cube.mask), own, axes=(0, 0))
        total = own.sum(axis=0)
        return cls(total[1:, 0], total[1:, 1:], weighted)

    def at(self, lags: Array, share: float = 1.0) -> tuple[Array, Array]:
        """Moments and their derivatives, (p,) and (p, p), with a share of the correction."""
        p, periods = len(lags), len(self.weighted)
        contrast = np.concatenate(([1.0], -lags))
        turned = self.weighted @ contrast
        levels, slopes = turned @ contrast, -2.0 * turned[:, 1:]
        psi = responses(lags, periods)
        twice = np.convolve(psi, psi)[:periods]
        moments, derivatives = self.cross - self.inner @ lags, -self.inner.copy()
        for j in range(1, p + 1):
            moments[j - 1] += share * psi[: periods - j] @ levels[j:]
            derivatives[j - 1] += share * psi[: periods - j] @ slopes[j:]
            for k in range(1, p + 1):
                reach = max(periods - j - k, 0)
                derivatives[j - 1, k - 1] += share * twice[:reach] @ levels[j + k :]
        return moments, derivatives

    def root(self) -> Root:
        """Follow the zero of the moments from least squares, whose correction is none, to the whole correction.

        The moments have several zeros. The one on this branch is where their derivatives are those of a maximum, all
        the way from least squares; other zeros, minima and saddles of the adjusted likelihood, are not on it.
        """
        lags: Array = np.asarray(np.linalg.solve(self.inner, self.cross), dtype=np.float64)
        share, step = 0.0, 0.25
        while share < 1.0:
            ahead = min(share + step, 1.0)
            tried = self._newton(lags, ahead)
            if tried is None:
                step *= 0.5
                if step < _SMALLEST_STEP:
                    return Root(self._nearest(lags), False)
                continue
            lags, share, step = tried, ahead, 2.0 * step
        return Root(lags, True)

    def _newton(self, start: Array, share: float) -> Array | None:
        """Zero of the moments near a start, or None where there is none, or it is no maximum."""
        lags, last = start, np.inf
        for _ in range(_NEWTON_STEPS):
            moments, derivatives = self.at(lags, share)
            if not self.declines(derivatives):
                return None
            change = np.linalg.solve(derivatives, -moments)
            size = float(np.abs(change).max())
            # A step that grows leaves the branch.
            if not size < max(last, _CLOSE):
                return None
            lags, last = lags + change, size
            if size <= _CLOSE * max(1.0, float(np.abs(lags).max())):
                return lags
        return None

    def declines(self, derivatives: Array) -> bool:
        """Whether the moments fall in every direction, in units of the lags' own products."""
        root = np.linalg.cholesky(self.inner)
        scaled = np.linalg.solve(root, np.linalg.solve(root, derivatives).T)
        return bool(np.linalg.eigvals(scaled).real.max() < 0.0)

    def _nearest(self, start: Array) -> Array:
        """Where the moments are smallest, in the units of the lags' own products, from where the branch turned."""
        from scipy.optimize import least_squares

        root = np.linalg.cholesky(self.inner)

        def size(lags: Array) -> Array:
            return np.asarray(np.linalg.solve(root, self.at(lags)[0]))

        def slope(lags: Array) -> Array:
            return np.asarray(np.linalg.solve(root, self.at(lags)[1]))

        return np.asarray(least_squares(size, start, slope, xtol=1e-12, ftol=1e-12, gtol=1e-12).x)


def bias_weights(mask: Mask) -> Array:
    r""":math:`n_{id} / (T_i (T_i - 1))`, (N, T); zero for entities with one row, which say nothing."""
    pairs = pairs_apart(mask)
    counts = pairs[:, 0]
    out: Array = pairs / np.where(counts > 1.0, counts * (counts - 1.0), np.inf)[:, None]
    return out


@dataclass(frozen=True, eq=False)
class EntityMoments:
    """The moments of all coefficients, entity by entity, at the estimates.

    Attributes
    ----------
    scores : (N, p + k) array
    derivatives : (p + k, p + k) array
        Of their sum.
    errors : (N, T) array
        Less the means of entities; zero where there is no row.
    """

    scores: Array
    derivatives: Array
    errors: Array


def entity_moments(cube: WithinCube, lags: Array, basis_coefficients: Array) -> EntityMoments:
    """Compute each entity's moments and the derivatives of their sum."""
    p, periods = len(lags), cube.mask.shape[1]
    columns = np.concatenate((cube.lagged, cube.basis), axis=2)
    errors = cube.y - columns @ np.concatenate((lags, basis_coefficients))
    scores = np.einsum("ntk,nt->nk", columns, errors)
    flat = columns.reshape(-1, columns.shape[2])
    derivatives = -(flat.T @ flat)
    squares = np.square(errors).sum(axis=1)
    weights = bias_weights(cube.mask)
    psi = responses(lags, periods)
    twice = np.convolve(psi, psi)[:periods]
    turned = -2.0 * scores
    for j in range(1, p + 1):
        own = weights[:, j:] @ psi[: periods - j]
        derivatives[j - 1] += own @ turned
        for k in range(1, p + 1):
            reach = max(periods - j - k, 0)
            derivatives[j - 1, k - 1] += squares @ weights[:, j + k :] @ twice[:reach]
        scores[:, j - 1] += own * squares
    return EntityMoments(scores, derivatives, errors)
