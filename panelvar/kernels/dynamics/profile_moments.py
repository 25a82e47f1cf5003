r"""Moments of least squares with entity effects, freed of their bias, in K-variate autoregressions of p lags.

Rows :math:`y_{it}' = w_{it}'A + x_{it}'B + e_{it}'` less their entity's means, :math:`w_{it}` the p lags of all K
variables. With :math:`\Psi_d` the responses to the errors of d periods before, :math:`T_i` rows of an entity and
:math:`n_{id}` pairs of them that are d periods apart,

.. math:: \mathrm E \sum_t y_{i,t-j}\, e_{it}' = -\frac{1}{T_i}\sum_{d \ge j} n_{id}\, \Psi_{d-j}\,\Omega_i,
          \qquad \mathrm E \sum_t e_{it}\, e_{it}' = (T_i - 1)\,\Omega_i.

Replacing the variances by the second gives moments of mean zero at the true coefficients (Bun and Carree 2005; Dhaene
and Jochmans 2016; Breitung, Kripfganz and Hayakawa 2022), whatever the entities' variances and the pattern of their
rows:

.. math:: M_j(A) = \sum_{it} y_{i,t-j}\, e_{it}' + V_j, \qquad V_s = \sum_{d \ge s}\Psi_{d-s}\,\Omega_d, \qquad
          \Omega_d = \sum_i \frac{n_{id}}{T_i(T_i - 1)} \sum_t e_{it}\, e_{it}'.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.errors import NumericalError
from panelvar.kernels.dynamics.dynamics import moving_average
from panelvar.kernels.dynamics.lag_problem import lag_matrices

_NEWTON_STEPS = 25
_SMALLEST_STEP = 2.0**-20
"""Of the path from least squares to the corrected moments: where no smaller step goes on, the path has turned."""
_CLOSE, _SETTLED = 1e-13, 1e-9
"""A step that ends the search; one that does where rounding lets no later step be smaller."""
_ALONE = 1e-12
"""Share of a lag's variance that others do not explain, below which cross products have too few digits for it."""
_FALLS = 1e-14
"""Slopes smaller than this, beside the steepest, are rounding: the moments do not fall there."""


class Root(NamedTuple):
    """Where the moments of the lags are zero, on the branch that leaves from least squares.

    Attributes
    ----------
    lags : (p K, K) array
        Coefficients of the lags; where the branch turns, if it has no zero.
    found : bool
        Whether the moments are zero there.
    """

    lags: Array
    found: bool


def pairs_apart(mask: Mask) -> Array:
    """How many pairs of rows of each entity are d periods apart, (N, T); d = 0 counts the rows."""
    size = mask.shape[1]
    rows = mask.astype(np.float64)
    return np.stack([(rows[:, d:] * rows[:, : size - d]).sum(axis=1) for d in range(size)], axis=1)


def bias_weights(mask: Mask) -> Array:
    r""":math:`n_{id} / (T_i (T_i - 1))`, (N, T); zero for entities with one row, which say nothing."""
    pairs = pairs_apart(mask)
    counts = pairs[:, 0]
    return pairs / np.where(counts > 1.0, counts * (counts - 1.0), np.inf)[:, None]


def lags_in_reach(lags: int, periods: int) -> range:
    """Lags that two of so many periods are apart: longer ones have no correction."""
    return range(1, min(lags, periods - 1) + 1)


def accumulated(psi: Array, variances: Array) -> Array:
    r""":math:`V_s = \sum_{d \ge s}\Psi_{d-s}\Omega_d`, (T, K, K)."""
    out = np.zeros_like(variances)
    for s in range(len(variances)):
        out[s] = np.einsum("dij,djk->ik", psi[: len(psi) - s], variances[s:])
    return out


def response_derivatives(psi: Array, sums: Array, lags: int) -> Array:
    r"""How :math:`V_j` move with the coefficients through the responses alone, (p K, K, p K, K).

    The element of lag k, variable c, in equation e moves :math:`\Psi_h` by
    :math:`\sum_{a + b = h - k} \Psi_a\,\iota_e\iota_c'\,\Psi_b`.
    """
    periods, k = psi.shape[:2]
    out = np.zeros((lags, k, k, lags, k, k))
    for both in range(2, 2 * lags + 1):
        reach = periods - both
        if reach <= 0:
            continue
        # Rows l, columns m, of lag k's variable c in equation e.
        found = np.einsum("ale,acm->lmce", psi[:reach], sums[both:])
        for j in range(max(1, both - lags), min(lags, both - 1) + 1):
            out[j - 1, :, :, both - j - 1] += found
    return out.reshape(lags * k, k, lags * k, k)


@dataclass(frozen=True, eq=False)
class ProfileMoments:
    r"""Moments of the lags with all other coefficients at their least-squares values given the lags.

    Attributes
    ----------
    cross : (p K, K) array
    inner : (p K, p K) array
        Products of what the other regressors leave of the variables and their lags.
    total : (K, K) array
        Of the variables themselves.
    weighted : (T, K + p K, K + p K) array
        The products of [variables, lags] entity by entity, times :math:`n_{id} / (T_i (T_i - 1))`, summed.
    """

    cross: Array
    inner: Array
    total: Array
    weighted: Array

    @classmethod
    def of(cls, products: Array, weights: Array, k: int) -> ProfileMoments:
        """Collect the parts from entities' products (N, K + p K, K + p K) and `bias_weights` (N, T)."""
        total = products.sum(axis=0)
        return cls(total[k:, :k], total[k:, k:], total[:k, :k], np.tensordot(weights, products, axes=(0, 0)))

    @cached_property
    def _root(self) -> Array:
        sizes = np.sqrt(self.inner.diagonal())
        try:
            scaled = np.asarray(np.linalg.cholesky(self.inner / sizes / sizes[:, None]), dtype=np.float64)
            alone = float(np.square(scaled.diagonal()).min())
        except np.linalg.LinAlgError:
            alone = 0.0
        if alone < _ALONE:
            raise NumericalError(
                "Except for rounding, the lags are combinations of one another, so their corrected moments have "
                "no accurate digits. Use fewer lags or variables."
            )
        return scaled * sizes[:, None]

    @property
    def least_squares(self) -> Array:
        """Least squares of the lags, (p K, K)."""
        half = np.linalg.solve(self._root, self.cross)
        return np.asarray(np.linalg.solve(self._root.T, half), dtype=np.float64)

    def at(self, lags: Array, share: float = 1.0) -> tuple[Array, Array]:
        """Moments (p K, K) and their derivatives (p K, K, p K, K), with a share of the correction."""
        k = lags.shape[1]
        p = len(lags) // k
        contrast = np.concatenate((np.eye(k), -lags))
        turned = self.weighted @ contrast
        variances, slopes = contrast.T @ turned, turned[:, k:]
        psi = moving_average(lag_matrices(lags, 0), len(self.weighted) - 1)
        sums = accumulated(psi, variances)
        moments = self.cross - self.inner @ lags + share * _stacked(sums, p)
        derivatives = -np.einsum("ac,me->amce", self.inner, np.eye(k))
        derivatives += share * response_derivatives(psi, sums, p)
        for j in lags_in_reach(p, len(psi)):
            rows = slice((j - 1) * k, j * k)
            own, gap = psi[: len(psi) - j], slopes[j:]
            derivatives[rows] -= share * np.einsum("dle,dcm->lmce", own, gap)
            derivatives[rows] -= share * np.einsum("dlq,dcq,me->lmce", own, gap, np.eye(k))
        return moments, derivatives

    def root(self) -> Root:
        """Follow the zero of the moments from least squares, whose correction is none, to the whole correction.

        The moments have several zeros. The one on this branch is where they fall in every direction, as the derivatives
        of a likelihood do at a maximum, all the way from least squares; other zeros are not on it.
        """
        lags = self.least_squares
        share, step = 0.0, 0.25
        while share < 1.0:
            ahead = min(share + step, 1.0)
            tried = self._newton(lags, ahead)
            if tried is None:
                step *= 0.5
                if step < _SMALLEST_STEP:
                    return Root(lags, False)
                continue
            lags, share, step = tried, ahead, 2.0 * step
        return Root(lags, True)

    def _newton(self, start: Array, share: float) -> Array | None:
        """Zero of the moments near a start, or None where there is none, or they do not fall there."""
        lags, last = start, np.inf
        sizes = np.sqrt(self.total.diagonal())
        for _ in range(_NEWTON_STEPS):
            moments, derivatives = self.at(lags, share)
            if not self.declines(derivatives):
                return None
            change = -np.linalg.solve(derivatives.reshape(lags.size, lags.size), moments.ravel()).reshape(lags.shape)
            # In units of what the lags explain of each variable.
            size = float(np.abs(self._root.T @ change / sizes).max())
            if size >= last:
                # A step that grows leaves the branch, unless it is rounding.
                return lags if last <= _SETTLED else None
            lags, last = lags + change, size
            if size <= _CLOSE:
                return lags
        return None

    def declines(self, derivatives: Array) -> bool:
        """Whether the moments fall in every direction, in units of the lags' own products."""
        size = derivatives.shape[0] * derivatives.shape[1]
        left = np.linalg.solve(self._root, derivatives.reshape(len(self.inner), -1)).reshape(derivatives.shape)
        turned = np.moveaxis(left, 2, 0)
        scaled = np.linalg.solve(self._root, turned.reshape(len(self.inner), -1)).reshape(turned.shape)
        matrix = np.moveaxis(scaled, 0, 2).reshape(size, size)
        if not np.isfinite(matrix).all():
            return False
        slopes = np.linalg.eigvals(matrix)
        return bool(slopes.real.max() < -_FALLS * np.abs(slopes).max())

    def nearest(self, start: Array) -> Array:
        """Where the moments are smallest, in the units of the lags and variables, from where the branch turns."""
        from scipy.optimize import least_squares

        sizes = np.sqrt(self.total.diagonal())

        def size(flat: Array) -> Array:
            moments = self.at(flat.reshape(start.shape))[0]
            return np.asarray(np.linalg.solve(self._root, moments / sizes)).ravel()

        def slope(flat: Array) -> Array:
            derivatives = self.at(flat.reshape(start.shape))[1] / sizes[:, None, None]
            return np.asarray(np.linalg.solve(self._root, derivatives.reshape(len(start), -1))).reshape(
                start.size, start.size
            )

        found = least_squares(
            size, start.ravel(), slope, xtol=1e-12, ftol=1e-12, gtol=1e-12, x_scale="jac", max_nfev=200
        )
        return np.asarray(found.x).reshape(start.shape)


def _stacked(sums: Array, lags: int) -> Array:
    """:math:`V_1, ..., V_p` below one another; zero where no pair of rows is so far apart."""
    k = sums.shape[1]
    out = np.zeros((lags, k, k))
    for j in lags_in_reach(lags, len(sums)):
        out[j - 1] = sums[j]
    return out.reshape(lags * k, k)


@dataclass(frozen=True, eq=False)
class RowMoments:
    """What rows add to the moments of all coefficients, and the derivatives of the sum.

    Attributes
    ----------
    scores : (n, p K + m, K) array
    derivatives : (p K + m, K, p K + m, K) array
    """

    scores: Array
    derivatives: Array

    def influence(self) -> Array:
        """What each row adds to the coefficients, (n, p K + m, K)."""
        size = self.derivatives.shape[0] * self.derivatives.shape[1]
        flat = np.linalg.solve(self.derivatives.reshape(size, size), self.scores.reshape(len(self.scores), size).T)
        return -np.asarray(flat.T, dtype=np.float64).reshape(self.scores.shape)


def row_moments(columns: Array, errors: Array, entities: Positions, weights: Array, lags: Array) -> RowMoments:
    """Compute the moments row by row, and their derivatives.

    Parameters
    ----------
    columns : (n, p K + m) array
        Lags and other regressors, less their entities' means.
    errors : (n, K) array
        Likewise.
    entities : (n,) integer array
    weights : (N, T) array
        `bias_weights`.
    lags : (p K, K) array
        Coefficients of the lags.
    """
    k, many = lags.shape[1], columns.shape[1]
    p = len(lags) // k
    psi = moving_average(lag_matrices(lags, 0), weights.shape[1] - 1)
    scores = columns[:, :, None] * errors[:, None, :]
    derivatives = -np.einsum("ac,me->amce", columns.T @ columns, np.eye(k))
    # Sums of squares of every distance, and of regressors times errors.
    spread = np.zeros((len(weights), k, k))
    np.add.at(spread, entities, errors[:, :, None] * errors[:, None, :])
    crossed = np.zeros((len(weights), many, k))
    np.add.at(crossed, entities, scores)
    variances, slopes = np.tensordot(weights, spread, axes=(0, 0)), np.tensordot(weights, crossed, axes=(0, 0))
    sums = accumulated(psi, variances)
    derivatives[: p * k, :, : p * k] += response_derivatives(psi, sums, p)
    for j in lags_in_reach(p, len(psi)):
        rows = slice((j - 1) * k, j * k)
        own, gap = psi[: len(psi) - j], slopes[j:]
        derivatives[rows] -= np.einsum("dle,dcm->lmce", own, gap)
        derivatives[rows] -= np.einsum("dlq,dcq,me->lmce", own, gap, np.eye(k))
        shares = np.tensordot(weights[:, j:], own, axes=(1, 0))[entities]
        scores[:, rows] += (shares @ errors[:, :, None]) * errors[:, None, :]
    return RowMoments(scores, derivatives)
