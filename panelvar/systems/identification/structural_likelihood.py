r"""Maximum likelihood of the structural form :math:`A u = B \varepsilon`, for many covariances at once.

With :math:`W = B^{-1} A` the concentrated log likelihood of one observation, up to a constant, is

.. math:: \ell(A, B) = \ln|\det W| - \tfrac12 \operatorname{tr}(W \Sigma W')

(Amisano and Giannini 1997; Luetkepohl 2005). A *pair* is the array (..., 2, K, K) of A and B;
restrictions leave it an affine space :math:`\{o + \sum_d \gamma_d N_d\}` of origin o and basis N, (..., D, 2, K, K).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array

TOLERANCE = 1e-24
"""Squared length of the last step, in the metric of the information of one observation."""
STALLED = 1e-16
IDLE = 20
"""Steps without a gain beyond rounding after which a search ends."""
_ROUNDING = 1e-13
HALVINGS = 40


class Tangent(NamedTuple):
    """How W moves along directions of a pair.

    Attributes
    ----------
    w : array (..., K, K)
    inverse : array (..., K, K)
        W^-1 = A^-1 B, the impact matrix.
    moves : array (..., D, K, K)
        dW.
    turns : array (..., D, K, K)
        B^-1 dB.
    """

    w: Array
    inverse: Array
    moves: Array
    turns: Array

    @property
    def relative(self) -> Array:
        """DW W^-1, (..., D, K, K)."""
        return self.moves @ self.inverse[..., None, :, :]


class Maximum(NamedTuple):
    """Where the likelihood of each covariance is largest.

    Attributes
    ----------
    pair : array (N, 2, K, K)
    value : array (N,)
        Log likelihood of one observation.
    converged : array of bool (N,)
    iterations : int
    """

    pair: Array
    value: Array
    converged: npt.NDArray[np.bool_]
    iterations: int


def tangent(pair: Array, directions: Array) -> Tangent:
    """Derivatives of W = B^-1 A along directions (..., D, 2, K, K)."""
    a, b = pair[..., 0, :, :], pair[..., 1, :, :]
    both = np.concatenate([a[..., None, :, :], directions[..., 0, :, :]], axis=-3)
    w = np.linalg.solve(b[..., None, :, :], both).astype(np.float64, copy=False)
    turns = np.linalg.solve(b[..., None, :, :], directions[..., 1, :, :]).astype(np.float64, copy=False)
    moves = w[..., 1:, :, :] - turns @ w[..., :1, :, :]
    return Tangent(w[..., 0, :, :], np.linalg.solve(a, b).astype(np.float64, copy=False), moves, turns)


def log_likelihood(pair: Array, sigma: Array) -> Array:
    """Log likelihood of one observation without its constant; minus infinity where A or B is singular."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        sizes = np.abs(np.linalg.det(pair))
        regular = np.isfinite(sizes).all(axis=-1) & (sizes > 0.0).all(axis=-1)
        safe = np.where(regular[..., None, None, None], pair, np.eye(pair.shape[-1]))
        w = np.linalg.solve(safe[..., 1, :, :], safe[..., 0, :, :])
        value = np.linalg.slogdet(w)[1] - 0.5 * np.einsum("...ij,...jk,...ik->...", w, sigma, w)
    return np.where(regular & np.isfinite(value), value, -np.inf)


def score(at: Tangent, sigma: Array) -> Array:
    """Derivatives (..., D) of the log likelihood."""
    return np.asarray(np.einsum("...ij,...dij->...d", _gradient(at, sigma), at.moves))


def information(at: Tangent) -> Array:
    r"""Expected curvature (..., D, D): :math:`\tfrac12 \operatorname{tr}[(M_d + M_d')(M_e + M_e')]`, M = dW W^-1.

    Its rank is the number of directions that are identified at this point (Luetkepohl 2005).
    """
    both = at.relative + at.relative.swapaxes(-1, -2)
    flat = both.reshape(*both.shape[:-2], -1)
    return 0.5 * flat @ flat.swapaxes(-1, -2)


def curvature(first: Tangent, second: Tangent, sigma: Array) -> Array:
    """Minus the second derivatives of the log likelihood (..., D, E) along two sets of directions at one point."""
    flat: Array = np.einsum("...dij,...eji->...de", first.relative, second.relative)
    flat += np.einsum("...dij,...jk,...eik->...de", first.moves, sigma, second.moves)
    gradient = _gradient(first, sigma)
    for one, other, out in ((first, second, "de"), (second, first, "ed")):
        turned = np.einsum("...dki,...kj->...dij", one.turns, gradient)
        flat += np.einsum(f"...{out[0]}ij,...{out[1]}ij->...de", turned, other.moves)
    return flat


def _gradient(at: Tangent, sigma: Array) -> Array:
    return at.inverse.swapaxes(-1, -2) - at.w @ sigma


def maximise(sigma: Array, origin: Array, basis: Array, start: Array, limit: int = 500) -> Maximum:
    """Climb from each start: scoring, then Newton's steps near the top, both with a line search.

    Parameters
    ----------
    sigma : array (N, K, K)
    origin : array (N, 2, K, K)
    basis : array (N, D, 2, K, K)
    start : array (N, D)
    limit : int
        Most steps.
    """
    pair = origin + np.einsum("nd,ndcij->ncij", start, basis)
    value = log_likelihood(pair, sigma)
    converged = np.zeros(len(pair), dtype=bool)
    left = np.flatnonzero(np.isfinite(value))
    before = np.full(len(pair), np.inf)
    idle = np.zeros(len(pair), dtype=np.intp)
    steps = 0
    while left.size and steps < limit:
        steps += 1
        step, slope, length = _direction(pair[left], sigma[left], basis[left])
        # Errors far beyond the units of the search (of draws that explode) have slopes that leave the range of numbers.
        within = np.isfinite(length) & np.isfinite(slope)
        left, step, slope, length = left[within], step[within], slope[within], length[within]
        stalled = (length <= STALLED) & (length >= 0.25 * before[left])
        arrived = (length <= TOLERANCE) | stalled
        converged[left[arrived]] = True
        before[left] = length
        left, step, slope, length = left[~arrived], step[~arrived], slope[~arrived], length[~arrived]
        if not left.size:
            break
        way = np.einsum("nd,ndcij->ncij", step, basis[left])
        share = 1.0 / np.maximum(1.0, np.sqrt(length))
        height = value[left]
        pair[left], value[left], moved = _along(pair[left], way, share, slope, height, sigma[left])
        idle[left] = np.where(value[left] - height <= _ROUNDING * (1.0 + np.abs(height)), idle[left] + 1, 0)
        # Where only rounding moves the likelihood, more steps find nothing.
        moved &= idle[left] < IDLE
        converged[left[~moved]] = length[~moved] <= STALLED
        left = left[moved]
    return Maximum(pair, value, converged, steps)


def _direction(pair: Array, sigma: Array, basis: Array) -> tuple[Array, Array, Array]:
    """Step (N, D), its slope, and the squared length of a scoring step, (N,) each."""
    at = tangent(pair, basis)
    slopes = score(at, sigma)
    step = _solve(information(at), slopes)
    length = np.einsum("nd,nd->n", slopes, step)
    near = np.flatnonzero(length < 1e-2)
    if near.size:
        own = Tangent(*(part[near] for part in at))
        bent = curvature(own, own, sigma[near])
        scale = np.sqrt(np.maximum(np.abs(bent.diagonal(axis1=1, axis2=2)), 1e-300))
        # As `_solve`: of the curvature less its own units.
        lowest = np.linalg.eigvalsh(bent / (scale[:, :, None] * scale[:, None, :]))[:, 0]
        sure = lowest > 1e-9
        step[near[sure]] = _solve(bent[sure], slopes[near[sure]])
    return step, np.einsum("nd,nd->n", slopes, step), length


def _solve(matrix: Array, right: Array) -> Array:
    """Solve semi-definite systems (N, D, D), leaving alone directions without curvature."""
    # Dividing by the diagonal takes out what units the search has left.
    scale = np.sqrt(np.maximum(matrix.diagonal(axis1=1, axis2=2), 1e-300))
    values, vectors = np.linalg.eigh(matrix / (scale[:, :, None] * scale[:, None, :]))
    kept = values > 1e-13 * values[:, -1:]
    inverse = np.where(kept, 1.0 / np.where(kept, values, 1.0), 0.0)
    turned = np.einsum("nij,ni->nj", vectors, right / scale)
    return np.asarray(np.einsum("nij,nj->ni", vectors, inverse * turned) / scale)


def _along(
    pair: Array, way: Array, share: Array, slope: Array, value: Array, sigma: Array
) -> tuple[Array, Array, npt.NDArray[np.bool_]]:
    """Halve steps until the likelihood rises enough (Armijo), and say for which it never did."""
    best, height = pair.copy(), value.copy()
    moved = np.zeros(len(pair), dtype=bool)
    left = np.arange(len(pair))
    for _ in range(HALVINGS):
        trial = pair[left] + share[left, None, None, None] * way[left]
        reached = log_likelihood(trial, sigma[left])
        # Rounding of the likelihood itself must not stop the last steps.
        enough = reached >= value[left] + 1e-4 * share[left] * slope[left] - _ROUNDING * (1.0 + np.abs(value[left]))
        taken = left[enough]
        best[taken], height[taken], moved[taken] = trial[enough], reached[enough], True
        left = left[~enough]
        if not left.size:
            break
        share[left] *= 0.5
    return best, height, moved
