r"""Small-sample cluster inference on a basis: leverage blocks, adjusted scores, Satterthwaite degrees of freedom.

Let the hat matrix of the transformed regression, absorbed effects included, be :math:`H = H_N + W W'`: :math:`H_N` the
projection on effects nested in the clusters and :math:`W` (n x q) an orthonormal basis of everything else. Transformed
regressors are orthogonal to the nested effects, so the block :math:`I - H_{gg}` acts on them as
:math:`I - W_g W_g'`, and with :math:`V_g = W_g' W_g`

.. math:: W_g' (I - W_g W_g')^{+\alpha} = (I - V_g)^{+\alpha} W_g'.

Nothing larger than q x q is needed for a cluster, whatever its rows. A linear combination of the coefficients is
:math:`t' W' y` with :math:`t = T c`; its variance is estimated by :math:`\sum_g (a_g' e_g)^2`, :math:`a_g = A_g W_g t`.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.rows import TransformedRows

SINGULAR = 1e-10
"""A direction with less than this share outside its own cluster has leverage one: it is left out (pseudo-inverse)."""

SCATTERED = 8_000
"""Clusters whose rows do not stand together beyond which they are gathered rather than summed block by block."""

LONG_RUN = 500
"""Rows of a cluster from which its product is formed in place, rather than with others of its size."""

PIECE = 100_000
"""Numbers of the Gram matrices handled at a time: they stay in the cache."""

SMALL = (1e-4, 1e-3, 1e-2, 0.1)
"""Norms of V_g below which a power series of ``(I - V_g)^power`` converges in 5, 7, 9 and 17 terms."""


class ClusterParts(NamedTuple):
    """What a cluster's rows have to say.

    Attributes
    ----------
    gram : (G, q, q) array
        :math:`V_g = W_g'W_g`; over all clusters they add up to the identity.
    scores : (G, q) array
        :math:`W_g'e_g` with the transformed residuals.
    """

    gram: Array
    scores: Array


class Adjusted(NamedTuple):
    """Adjusted cluster scores and what their degrees of freedom are made of.

    Attributes
    ----------
    moves : (G, p) array
        :math:`a_g'e_g` of every coefficient: the covariance is the sum of their outer products.
    lengths : (G, p, p) array
        :math:`a_g'a_g`.
    couplings : (G, q, p) array
        :math:`W_g'a_g`. Under a working model of independent errors,
        :math:`cov(a_g'e, a_h'e) = 1_{g=h} a_g'a_g - (W_g'a_g)'(W_h'a_h)`.
    singular : int
        Clusters some direction of which has leverage one.
    """

    moves: Array
    lengths: Array
    couplings: Array
    singular: int

    def expected(self) -> Array:
        """Return the expected covariance (p, p) of the coefficients under independent errors of unit variance."""
        groups, q, p = self.couplings.shape
        couplings = self.couplings.reshape(groups * q, p)
        out: Array = self.lengths.sum(axis=0) - couplings.T @ couplings
        return out

    def total_variance(self, contrasts: Array) -> float:
        r"""Return the sum over the entries of the variances of the estimated covariance of ``contrasts`` (p, r).

        With :math:`P_{gh}` the r x r covariance of :math:`a_g'e` and :math:`a_h'e`, Gaussian errors give
        :math:`\sum_{gh} (tr P_{gh})^2 + tr(P_{gh}P_{gh})`. No G x G matrix is formed where q r is smaller: the
        cross terms are squares of one (q r) x (q r) sum.
        """
        groups, q, _ = self.couplings.shape
        r = contrasts.shape[1]
        # Coefficients that take no part are left out; then one product each, not one a cluster.
        used = np.flatnonzero(contrasts.any(axis=1))
        contrasts, p = contrasts[used], len(used)
        couplings = (self.couplings[:, :, used].reshape(groups * q, p) @ contrasts).reshape(groups, q, r)
        half = (self.lengths[:, used[:, None], used].reshape(groups * p, p) @ contrasts).reshape(groups, p, r)
        lengths = np.einsum("gpr,ps->gsr", half, contrasts)
        own = lengths - np.swapaxes(couplings, 1, 2) @ couplings
        total = pair_total(own)
        if groups <= q * r:
            flat = couplings.transpose(0, 2, 1).reshape(groups * r, q)
            cross = (flat @ flat.T).reshape(groups, r, groups, r).transpose(0, 2, 1, 3)
            cross[np.arange(groups), np.arange(groups)] = 0.0
            return total + float(
                np.square(np.trace(cross, axis1=2, axis2=3)).sum() + np.einsum("ghst,ghts->", cross, cross)
            )
        flat = couplings.reshape(groups, q * r)
        joint = (flat.T @ flat).reshape(q, r, q, r)
        inner = np.swapaxes(couplings, 1, 2) @ couplings
        total += float(np.square(joint).sum() + np.einsum("asbt,atbs->", joint, joint))
        return total - pair_total(inner)


def pair_total(blocks: Array) -> float:
    """Sum (tr P)^2 + tr(P P) over blocks P, (G, r, r)."""
    return float(np.square(np.trace(blocks, axis1=1, axis2=2)).sum() + np.einsum("gst,gts->", blocks, blocks))


class Moments(Protocol):
    """Anything whose adjusted scores have an expected covariance, and that covariance a variance."""

    def expected(self) -> Array:
        """Return the expected covariance (p, p) of the coefficients."""

    def total_variance(self, contrasts: Array) -> float:
        """Return the sum over the entries of the variances of the estimated covariance of contrasts (p, r)."""


def regressor_parts(
    rows: TransformedRows,
    kept: NDArray[np.intp],
    coefficients: Array,
    inverse_r: Array,
    constant: Array | float | None,
    constant_mass: float,
    grouping: Grouping,
) -> ClusterParts:
    """Return the parts on the basis of the transformed constant (first, if any) and regressors, in one pass.

    Parameters
    ----------
    rows, kept, coefficients, inverse_r
        The regression and the inverse of its triangle.
    constant, constant_mass
        The transformed constant and its sum of squares; None where effects absorb it.
    grouping : Grouping
        The clusters.
    """
    lead = int(constant is not None)
    q = len(kept) + lead
    gram = np.zeros((grouping.n_groups, q + 1, q + 1))
    # Rows of many scattered clusters are gathered first: every block of them would add to sums over all clusters.
    scattered = grouping.keeps_codes and grouping.starts is None and grouping.n_groups > SCATTERED
    gathered = np.empty((rows.n_rows, q + 1)) if scattered else None
    for start, stop, block in rows.blocks():
        # The residuals are one column more: a cluster's Gram matrix then holds its scores.
        basis = np.empty((stop - start, q + 1), order="F" if grouping.starts is None and gathered is None else "C")
        basis[:, lead:q] = block[:, kept] @ inverse_r
        if constant is not None:
            basis[:, 0] = constant if isinstance(constant, float) else constant[start:stop]
            basis[:, 0] /= np.sqrt(constant_mass)
        basis[:, q] = block[:, -1] - block[:, :-1] @ coefficients
        if gathered is not None:
            gathered[start:stop] = basis
        elif grouping.starts is not None:
            _add_segments(basis, start, stop, grouping.starts, gram)
        else:
            _add_products(basis, start, stop, grouping, gram)
    if gathered is not None:
        _add_gathered(gathered, grouping, gram)
    return ClusterParts(gram[:, :q, :q], gram[:, :q, q])


def _add_gathered(basis: Array, grouping: Grouping, gram: Array) -> None:
    """Add the Gram matrix of each cluster, whose rows may stand anywhere, some clusters at a time."""
    order = np.argsort(grouping.codes, kind="stable")
    starts = np.concatenate([[0], np.cumsum(grouping.sizes)])
    first = 0
    while first < grouping.n_groups:
        last = max(int(np.searchsorted(starts, starts[first] + PIECE // basis.shape[1], side="right")) - 1, first + 1)
        edges = starts[first : last + 1] - starts[first]
        gram[first:last] = segment_products(basis[order[starts[first] : starts[last]]], edges)
        first = last


def _add_segments(basis: Array, start: int, stop: int, starts: NDArray[np.intp], gram: Array) -> None:
    """Add the Gram matrix of each run of rows of one cluster."""
    first = int(np.searchsorted(starts, start, side="right")) - 1
    last = int(np.searchsorted(starts, stop, side="left"))
    gram[first:last] += segment_products(basis, np.clip(starts[first : last + 1] - start, 0, stop - start))


def segment_products(rows: Array, edges: NDArray[np.intp], others: Array | None = None) -> Array:
    """Return ``rows' others`` (s, q, r) of each run ``edges[i] : edges[i + 1]`` of rows: runs of one length together.

    Without ``others``, ``rows' rows``.
    """
    sizes = np.diff(edges)
    beside = rows if others is None else others
    out = np.zeros((len(sizes), rows.shape[1], beside.shape[1]))
    for size in np.unique(sizes):
        which = np.flatnonzero(sizes == size)
        if len(which) == len(sizes):
            left, right = (each.reshape(len(which), size, -1) for each in (rows, beside))
        elif size > LONG_RUN or len(which) == 1:
            for i in which:
                run = slice(edges[i], edges[i + 1])
                out[i] = rows[run].T @ beside[run]
            continue
        else:
            index = edges[which][:, None] + np.arange(size)
            left = rows[index]
            right = left if others is None else beside[index]
        out[which] = np.swapaxes(left, 1, 2) @ right
    return out


def _add_products(basis: Array, start: int, stop: int, grouping: Grouping, gram: Array) -> None:
    """Add the sums of each product of two columns within the clusters: for few scattered ones, or those of a chunk."""
    size = basis.shape[1]
    if not grouping.keeps_codes:
        # All products at once: only rows of the table whose clusters have rows here are written to.
        table, step = gram.reshape(grouping.n_groups, size * size), max(1, PIECE // (size * size))
        for first in range(start, stop, step):
            own = basis[first - start : min(first + step, stop) - start]
            products = (own[:, :, None] * own[:, None, :]).reshape(len(own), -1)
            grouping.add_sums(products, first, first + len(own), table)
        return
    column = np.zeros((grouping.n_groups, size), order="F")
    for i in range(size):
        column[:, i:] = 0.0
        grouping.add_sums(np.multiply(basis[:, i:], basis[:, i : i + 1], order="F"), start, stop, column[:, i:])
        gram[:, i, i:] += column[:, i:]
        gram[:, i + 1 :, i] += column[:, i + 1 :]


def adjust(parts: ClusterParts, targets: Array, power: float) -> Adjusted:
    r"""Adjust the scores by :math:`(I - V_g)^{+power}`: 0 (CR0), -1/2 (CR2) or -1 (CR3).

    Parameters
    ----------
    parts : ClusterParts
    targets : (q, p) array
        T, each coefficient as a combination of the basis.
    power : float

    References
    ----------
    Bell and McCaffrey (2002), Survey Methodology 28(2), 169-181; Pustejovsky and Tipton (2018), JBES 36(4), 672-683,
    whose theorem 2 (as they corrected it later) is that effects nested in the clusters may be left out of H.
    """
    groups, q = parts.scores.shape
    p = targets.shape[1]
    moves, singular = np.empty((groups, p)), 0
    lengths, couplings = np.empty((groups, p, p)), np.empty((groups, q, p))
    # Without regressors, beside absorbed effects say, there is nothing to adjust.
    step = max(1, PIECE // max(1, q * q))
    for start in range(0, groups, step):
        piece = slice(start, start + step)
        gram = parts.gram[piece]
        turned, found = _powers_times(gram, targets, power)
        singular += found
        np.matmul(gram, turned, out=couplings[piece])
        np.matmul(np.swapaxes(turned, 1, 2), couplings[piece], out=lengths[piece])
        np.einsum("gq,gqp->gp", parts.scores[piece], turned, out=moves[piece])
    return Adjusted(moves, lengths, couplings, singular)


def _powers_times(gram: Array, targets: Array, power: float) -> tuple[Array, int]:
    """Return ``(I - V_g)^power T`` of every cluster, (G, q, p), and how many blocks are singular.

    The many clusters of a large panel have small V_g, whose power series is ten times cheaper than eigenvectors; the
    smaller they are, the fewer of its terms.
    """
    turned = np.empty((len(gram), *targets.shape))
    if power == 0.0:
        turned[:] = targets
        return turned, 0
    size = np.sqrt(np.einsum("gij,gij->g", gram, gram))
    lowest = 0.0
    for bound in SMALL:
        which = (size >= lowest) & (size < bound)
        lowest = bound
        if which.any():
            whole = bool(which.all())
            part = gram if whole else gram[which]
            terms = int(np.ceil(np.log(np.finfo(float).eps) / np.log(bound))) + 1
            found = _series(part, targets, power, terms)
            if whole:
                return found, 0
            turned[which] = found
    which = ~(size < lowest)
    if not which.any():
        return turned, 0
    values, vectors = np.linalg.eigh(gram[which])
    weight, singular = weights_of(values, power)
    turned[which] = vectors @ (weight[:, :, None] * (np.swapaxes(vectors, 1, 2) @ targets))
    return turned, singular


def _series(gram: Array, targets: Array, power: float, terms: int) -> Array:
    """Return ``(I - V_g)^power T`` by the first terms of its power series, by Horner's rule."""
    ratios = [(j - power) / (j + 1) for j in range(terms)]
    # The innermost product is with T itself.
    series = gram @ (ratios[-1] * targets)
    for ratio in reversed(ratios[:-1]):
        series += targets
        series *= ratio
        series = gram @ series
    series += targets
    return series


def satterthwaite(adjusted: Moments, contrasts: Array, mean_of_all: Array) -> float:
    r"""Return the degrees of freedom of one contrast (p, 1), or HTZ's :math:`\eta` of several.

    :math:`\eta = r (r + 1) / \sum_{st} var(D_{st})`, D the estimated covariance of the contrasts standardised by its
    expectation; for one contrast :math:`2 E(V)^2 / var(V)` (Satterthwaite 1946; Pustejovsky and Tipton
    2018). NaN where the contrast has no expected variance, or its estimate has none. ``mean_of_all`` is
    the expected covariance of all coefficients.
    """
    mean = contrasts.T @ mean_of_all @ contrasts
    r = mean.shape[0]
    values, vectors = np.linalg.eigh(mean)
    # Several contrasts come standardised by their estimated covariance: none has units.
    if not values[0] > SINGULAR * np.abs(values[-1]) or values[0] <= 0.0:
        return float("nan")
    standard = contrasts @ (vectors / np.sqrt(values))
    spread = adjusted.total_variance(standard)
    return float(r * (r + 1) / spread) if spread > 0.0 else float("nan")


def weights_of(values: Array, power: float) -> tuple[Array, int]:
    """Return ``(1 - values)^{+power}`` (..., q), zero where nothing remains, and how many blocks have such a value."""
    remaining = 1.0 - values
    good = remaining > SINGULAR
    weight = np.where(good, np.where(good, remaining, 1.0) ** power, 0.0)
    singular = (~good).reshape(-1, values.shape[-1]).any(axis=1).sum()
    return weight, int(singular)
