r"""Powers of a cluster's block of I - H where one effect of any size cuts across the clusters.

Let :math:`H = Z Z' + W W'`: Z (one column a level and function, orthonormal, with one non-zero a row and function) of
the largest effect, and W (n x q) an orthonormal basis of everything else. In a cluster's block, Z is made of *cells*,
the rows of one level in one cluster, so that

.. math:: (I - H_{gg}) x = x - W_g (W_g'x) - Z_g (Z_g'x)

costs rows times q however many levels there are. Powers of small blocks come from eigenvectors; of large ones from
Lanczos' method, whose error falls faster than geometrically here: but for q directions the eigenvalues are 1 and, for
each cell, what the level has outside the cluster. The sums of a pair of clusters' contributions keep the same split,

.. math:: a_g' H a_h = \sum_l (Z_l'a_g)(Z_l'a_h) + (W_g'a_g)'(W_h'a_h),

a product of sparse matrices and one of q columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError
from panelvar.estimates.covariance.cell_sums import CellSums
from panelvar.estimates.covariance.cluster_adjustment import SINGULAR, Adjusted, segment_products

DENSE_ROWS = 150
"""Rows of a cluster up to which its block is decomposed whole."""

MOST_STEPS = 500
"""Steps of Lanczos' method."""
# Share of a coefficient's whole direction below which a cluster's part in it is rounding.
_ROUNDING = 1e-14

PRECISION = 1e-14
"""Relative change at which Lanczos' method stops."""


class Piece(NamedTuple):
    """Some rows of a fit, as the columns few-cluster inference needs.

    Attributes
    ----------
    where : slice or (m,) array
        Which rows.
    basis : (m, q) array
        W.
    cells : (m, b) array
        The non-zero of each row of Z, function by function; zero where a level lies within one cluster, since
        everything else is orthogonal to it. No columns where the largest effect, if any, does.
    levels : (m,) array
        The level of each row.
    direction : (m, p) array
        What each row contributes to each coefficient: ``coefficients - truth = direction' errors``.
    residuals : (m,) array
    lengths : (p,) array
        Norm of each column of the direction over all rows: coefficients differ in units, and each is compared with its
        own.
    """

    where: slice | NDArray[np.intp]
    basis: Array
    cells: Array
    levels: NDArray[np.intp]
    direction: Array
    residuals: Array
    lengths: Array

    def rows(self, start: int, stop: int) -> Piece:
        """Return some of its rows."""
        cut = slice(start, stop)
        return Piece(
            cut,
            self.basis[cut],
            self.cells[cut],
            self.levels[cut],
            self.direction[cut],
            self.residuals[cut],
            self.lengths,
        )


def sum_cells(cells: Array, levels: NDArray[np.intp], clusters: NDArray[np.intp], columns: Array) -> CellSums:
    """Sum ``cells * column`` over the rows of each level in each cluster, for every function of the effect.

    Parameters
    ----------
    cells : (m, b) array
    levels, clusters : (m,) arrays
    columns : (m, p) array
    """
    b = cells.shape[1]
    rows = np.flatnonzero(cells.any(axis=1)) if b else np.zeros(0, dtype=np.intp)
    if len(rows) == 0:
        return CellSums(*(np.zeros(0, dtype=np.intp),) * 2, np.zeros((0, columns.shape[1])))
    own, level = clusters[rows].astype(np.intp), levels[rows].astype(np.intp)
    width = int(level.max()) + 1
    pairs, position = np.unique(own * width + level, return_inverse=True)
    found = np.empty((b, len(pairs), columns.shape[1]))
    for j in range(b):
        for sums, column in zip(found[j].T, columns[rows].T, strict=True):
            sums[:] = np.bincount(position, cells[rows, j] * column, len(pairs))
    return CellSums(
        np.tile(pairs // width, b),
        np.concatenate([(pairs % width) * b + j for j in range(b)]),
        found.reshape(b * len(pairs), columns.shape[1]),
    )


def remaining(piece: Piece) -> Array:
    """Return the block I - H_gg (m, m) of a cluster's rows."""
    out: Array = np.eye(len(piece.basis)) - piece.basis @ piece.basis.T
    same = piece.levels[:, None] == piece.levels[None, :]
    for z in piece.cells.T:
        out -= np.where(same, np.multiply.outer(z, z), 0.0)
    return out


def symmetric_power(
    blocks: Array, direction: Array, power: float, lengths: Array, lead: int = 0
) -> tuple[Array, NDArray[np.bool_]]:
    """Return (pseudo-inverse) powers of blocks (..., m, m) times a direction, and which blocks are singular."""
    values, vectors = np.linalg.eigh(blocks)
    good = values > SINGULAR
    weight = np.where(good, np.where(good, values, 1.0) ** power, 0.0)
    inside = np.swapaxes(vectors, -1, -2) @ direction
    # A direction of leverage one matters only where the contribution has a part in it.
    lost = np.where(good[..., None], 0.0, np.abs(inside)).max(axis=-2)
    scale = np.abs(direction).max(axis=-2)
    found = (lost > 1e-8 * scale) & (scale > _ROUNDING * lengths)
    return vectors @ (weight[..., None] * inside), found[..., lead:].any(axis=-1)


def lanczos_power(piece: Piece, power: float, lead: int = 0) -> tuple[Array, bool]:
    r"""Return :math:`(I - H_{gg})^{+power}` times the direction (m, p) of one cluster, and whether it is singular.

    Krylov vectors are kept orthogonal in full, so that the small tridiagonal matrix has the block's eigenvalues and no
    copies of them; one below `SINGULAR` is left out (pseudo-inverse).

    Raises
    ------
    NumericalError
        If `MOST_STEPS` do not do.
    """
    _, local = np.unique(piece.levels, return_inverse=True)
    count = int(local.max()) + 1
    used = [z for z in piece.cells.T if z.any()]

    def apply(x: Array) -> Array:
        out: Array = x - piece.basis @ (piece.basis.T @ x)
        for z in used:
            out -= z * np.bincount(local, z * x, count)[local]
        return out

    out = np.zeros_like(piece.direction)
    singular = False
    for j, start in enumerate(piece.direction.T):
        norm = float(np.linalg.norm(start))
        if np.abs(start).max() <= _ROUNDING * piece.lengths[j]:
            continue
        solution, dropped = lanczos(apply, start / norm, power)
        out[:, j] = norm * solution
        singular |= dropped and j >= lead
    return out, singular


def lanczos(apply: Callable[[Array], Array], start: Array, power: float) -> tuple[Array, bool]:
    """Return a power of a symmetric operator, eigenvalues in [0, 1], times a unit vector, and whether part was lost."""
    steps = min(MOST_STEPS, len(start))
    vectors = np.empty((min(steps, 32), len(start)))
    vectors[0] = start
    alpha, beta = np.zeros(steps), np.zeros(steps)
    previous = np.zeros(0)
    for k in range(steps):
        w = apply(vectors[k])
        alpha[k] = vectors[k] @ w
        known = vectors[: k + 1]
        for _ in range(2):
            w -= known.T @ (known @ w)
        beta[k] = np.linalg.norm(w)
        small = np.diag(alpha[: k + 1]) + np.diag(beta[:k], 1) + np.diag(beta[:k], -1)
        values, turn = np.linalg.eigh(small)
        good = values > SINGULAR
        weight = np.where(good, np.where(good, values, 1.0) ** power, 0.0)
        now = turn @ (weight * turn[0])
        change = np.linalg.norm(now - np.pad(previous, (0, len(now) - len(previous))))
        if beta[k] < PRECISION or k == len(start) - 1 or (k > 1 and change <= PRECISION * np.linalg.norm(now)):
            lost = float(np.abs(turn[0][~good]).max(initial=0.0))
            return now @ known, lost > 1e-8
        previous = now
        if k + 1 == steps:
            break
        if k + 1 == len(vectors):
            vectors = np.concatenate((vectors, np.empty((min(len(vectors), steps - len(vectors)), len(start)))))
        vectors[k + 1] = w / beta[k]
    raise NumericalError(
        f"The leverage block of a cluster of {len(start)} rows was not inverted in {MOST_STEPS} steps, because some "
        "level of the crossing effects has nearly all its weight in that cluster. Use Clustered (CR1)."
    )


def working_power(block: Array, direction: Array, working: Array) -> Array:
    r"""Return :math:`\Phi (\Phi (I - H_{gg}) \Phi)^{+1/2} d`: the symmetric root taken of the untransformed block.

    With transformed rows :math:`\Phi_g^{-1/2} x` this is Pustejovsky and Tipton's
    :math:`A_g = D_g' B_g^{+1/2} D_g`, :math:`B_g = D_g (I - H)_g \Phi (I - H)_g' D_g'`, :math:`D_g'D_g = \Phi_g`.
    """
    values, vectors = np.linalg.eigh(working @ block @ working)
    # Rows of one cluster, all in units of the dependent variable.
    good = values > SINGULAR * values[-1]
    root = (vectors[:, good] / np.sqrt(values[good])) @ vectors[:, good].T
    turned: Array = working @ (root @ direction)
    return turned


def adjust_local(
    pieces: Iterable[tuple[Piece, Sequence[int]]],
    weigh: Callable[[Piece, Sequence[int]], tuple[Array, int]],
) -> Adjusted:
    """Adjust the scores of every cluster.

    Parameters
    ----------
    pieces : iterable of (piece, edges)
        Whole clusters, in order; ``edges`` are their first rows within the piece, and the end.
    weigh : function of a piece and its edges
        Returns the adjusted direction (m, p) and how many clusters are singular: `adjusted_rows`.
    """
    moves, variances, couplings, sums = [], [], [], []
    singular = first = 0
    for piece, edges in pieces:
        adjusted, alone = weigh(piece, edges)
        singular += alone
        sizes, bounds = np.diff(edges), np.asarray(edges)
        clusters = np.repeat(np.arange(len(sizes)), sizes)
        moves.append(segment_products(piece.residuals[:, None], bounds, adjusted)[:, 0])
        coupled = segment_products(piece.basis, bounds, adjusted)
        couplings.append(coupled)
        cells = sum_cells(piece.cells, piece.levels, clusters, adjusted)
        sums.append(cells._replace(clusters=cells.clusters + first))
        left = segment_products(adjusted, bounds) - np.swapaxes(coupled, 1, 2) @ coupled
        if len(cells.values):
            order = np.argsort(cells.clusters, kind="stable")
            within = np.searchsorted(cells.clusters[order], np.arange(len(sizes) + 1))
            left -= segment_products(cells.values[order], within)
        variances.append(left)
        first += len(sizes)
    cells = CellSums(*map(np.concatenate, zip(*sums, strict=True)))
    return Adjusted(
        np.concatenate(moves),
        np.concatenate(variances).transpose(1, 2, 0),
        np.concatenate(couplings).transpose(2, 1, 0),
        singular,
        cells if len(cells.values) else None,
    )


def adjusted_rows(piece: Piece, edges: Sequence[int], power: float, lead: int = 0) -> tuple[Array, int]:
    """Return the direction (m, p) of whole clusters times powers of their blocks, and how many are singular.

    The power is -1/2 (CR2), -1 (CR3) or 0 (CR0). Small clusters of one size are decomposed together. One is singular
    where it loses part of a column beyond the first ``lead``.
    """
    if power == 0.0:
        return piece.direction, 0
    out = np.empty_like(piece.direction)
    bounds, sizes = np.asarray(edges), np.diff(edges)
    singular = 0
    for size in np.unique(sizes):
        which = np.flatnonzero(sizes == size)
        if size > DENSE_ROWS:
            for i in which:
                low, high = int(bounds[i]), int(bounds[i + 1])
                out[low:high], found = lanczos_power(piece.rows(low, high), power, lead)
                singular += int(found)
            continue
        index = bounds[which][:, None] + np.arange(size)
        basis, levels = piece.basis[index], piece.levels[index]
        blocks = np.eye(size) - basis @ np.swapaxes(basis, 1, 2)
        for z in piece.cells.T:
            block = z[index]
            blocks -= np.where(levels[:, :, None] == levels[:, None, :], block[:, :, None] * block[:, None, :], 0.0)
        out[index], found_each = symmetric_power(blocks, piece.direction[index], power, piece.lengths, lead)
        singular += int(found_each.sum())
    return out, singular
