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

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.kernels.groups import Grouping
from panelvar.kernels.rows import TransformedRows

FloatArray = NDArray[np.float64]

SINGULAR = 1e-10
"""A direction with less than this share outside its own cluster has leverage one: it is left out (pseudo-inverse)."""

SEGMENT = 8
"""Rows a cluster from which one matrix product a cluster is cheaper than sums of products of columns."""

SMALL = 0.1
"""Norm of V_g below which a power series of ``(I - V_g)^power`` converges in a few terms."""


class ClusterParts(NamedTuple):
    """What a cluster's rows have to say.

    Attributes
    ----------
    gram : (G, q, q) array
        :math:`V_g = W_g'W_g`; over all clusters they add up to the identity.
    scores : (G, q) array
        :math:`W_g'e_g` with the transformed residuals.
    """

    gram: FloatArray
    scores: FloatArray


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

    moves: FloatArray
    lengths: FloatArray
    couplings: FloatArray
    singular: int


def regressor_parts(
    rows: TransformedRows,
    kept: NDArray[np.intp],
    coefficients: FloatArray,
    inverse_r: FloatArray,
    constant: FloatArray | float | None,
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
    by_segment = grouping.starts is not None and rows.n_rows >= SEGMENT * grouping.n_groups
    for start, stop, block in rows.blocks():
        # The residuals are one column more: a cluster's Gram matrix then holds its scores.
        basis = np.empty((stop - start, q + 1), order="F")
        basis[:, lead:q] = block[:, kept] @ inverse_r
        if constant is not None:
            basis[:, 0] = constant if np.isscalar(constant) else np.asarray(constant)[start:stop]
            basis[:, 0] /= np.sqrt(constant_mass)
        basis[:, q] = block[:, -1] - block[:, :-1] @ coefficients
        if by_segment:
            _add_segments(basis, start, stop, grouping, gram)
        else:
            _add_products(basis, start, stop, grouping, gram)
    return ClusterParts(gram[:, :q, :q], gram[:, :q, q])


def _add_segments(basis: FloatArray, start: int, stop: int, grouping: Grouping, gram: FloatArray) -> None:
    """Add the Gram matrix of each run of rows of one cluster: one product a run."""
    starts = grouping.starts
    assert starts is not None
    first = int(np.searchsorted(starts, start, side="right")) - 1
    last = int(np.searchsorted(starts, stop, side="left"))
    edges = np.clip(starts[first : last + 1] - start, 0, stop - start).tolist()
    for group, low, high in zip(range(first, last), edges, edges[1:], strict=False):
        rows = basis[low:high]
        gram[group] += rows.T @ rows


def _add_products(basis: FloatArray, start: int, stop: int, grouping: Grouping, gram: FloatArray) -> None:
    """Add the sums of each product of two columns within the clusters: for small or scattered ones."""
    size = basis.shape[1]
    column = np.zeros((grouping.n_groups, size), order="F")
    for i in range(size):
        column[:, i:] = 0.0
        grouping.add_sums(np.multiply(basis[:, i:], basis[:, i : i + 1], order="F"), start, stop, column[:, i:])
        gram[:, i, i:] += column[:, i:]
        gram[:, i + 1 :, i] += column[:, i + 1 :]


def adjust(parts: ClusterParts, targets: FloatArray, power: float) -> Adjusted:
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
    whose theorem 2 is that effects nested in the clusters may be left out of H.
    """
    turned, singular = _powers_times(parts.gram, targets, power)
    couplings = parts.gram @ turned
    moves = np.matmul(parts.scores[:, None, :], turned)[:, 0]
    return Adjusted(moves, np.swapaxes(turned, 1, 2) @ couplings, couplings, singular)


def _powers_times(gram: FloatArray, targets: FloatArray, power: float) -> tuple[FloatArray, int]:
    """Return ``(I - V_g)^power T`` of every cluster, (G, q, p), and how many blocks are singular.

    The many clusters of a large panel have small V_g, whose power series is ten times cheaper than eigenvectors.
    """
    turned = np.empty((len(gram), *targets.shape))
    if power == 0.0:
        turned[:] = targets
        return turned, 0
    size = np.sqrt(np.einsum("gij,gij->g", gram, gram))
    small = size < SMALL
    if small.any():
        part = gram if small.all() else gram[small]
        terms = int(np.ceil(np.log(np.finfo(float).eps) / np.log(max(float(size[small].max()), 1e-16)))) + 1
        ratios = [(j - power) / (j + 1) for j in range(terms)]
        series = np.broadcast_to(targets, (len(part), *targets.shape))
        for ratio in reversed(ratios):
            series = part @ series
            series *= ratio
            series += targets
        turned[small] = series
    if small.all():
        return turned, 0
    values, vectors = np.linalg.eigh(gram[~small])
    weight, singular = _weights(values, power)
    turned[~small] = vectors @ (weight[:, :, None] * (np.swapaxes(vectors, 1, 2) @ targets))
    return turned, singular


def adjust_rows(
    blocks: Iterable[tuple[FloatArray, FloatArray]],
    targets: FloatArray,
    weigh: Callable[[int, FloatArray], FloatArray],
) -> Adjusted:
    """Adjust the scores cluster by cluster from its rows, where the rule is not a power of ``I - W_g W_g'``.

    Parameters
    ----------
    blocks : iterable of (W_g, e_g)
    targets : (q, p) array
    weigh : function of the cluster's number and W_g, returning A_g' (rows x rows) times ``W_g T``
    """
    moves, lengths, couplings = [], [], []
    for number, (basis, residuals) in enumerate(blocks):
        direction = weigh(number, basis)
        moves.append(residuals @ direction)
        lengths.append(direction.T @ direction)
        couplings.append(basis.T @ direction)
    return Adjusted(np.array(moves), np.array(lengths), np.array(couplings), 0)


def block_power(basis: FloatArray, direction: FloatArray, power: float) -> FloatArray:
    r"""Return :math:`(I - W_g W_g')^{+power}` times ``direction``, (rows, p), from the singular values of W_g."""
    left, singular, _ = np.linalg.svd(basis, full_matrices=False)
    weight, _ = _weights(np.square(singular), power)
    inside = left.T @ direction
    turned: FloatArray = direction + left @ ((weight - 1.0)[:, None] * inside)
    return turned


def working_power(basis: FloatArray, direction: FloatArray, working: FloatArray) -> FloatArray:
    r"""Return :math:`\Phi (\Phi (I - W_g W_g') \Phi)^{+1/2} d`: the symmetric root taken of the untransformed block.

    With transformed rows :math:`\Phi_g^{-1/2} x` this is Pustejovsky and Tipton's
    :math:`A_g = D_g' B_g^{+1/2} D_g`, :math:`B_g = D_g (I - H)_g \Phi (I - H)_g' D_g'`, :math:`D_g'D_g = \Phi_g`.
    """
    middle = working @ working - (working @ basis) @ (working @ basis).T
    values, vectors = np.linalg.eigh(middle)
    good = values > SINGULAR * values[-1]
    root = (vectors[:, good] / np.sqrt(values[good])) @ vectors[:, good].T
    turned: FloatArray = working @ (root @ direction)
    return turned


def expected(adjusted: Adjusted) -> FloatArray:
    """Return the expected covariance (p, p) of the coefficients under independent errors of unit variance."""
    lengths = adjusted.lengths.sum(axis=0)
    couplings = adjusted.couplings.reshape(-1, adjusted.couplings.shape[2])
    out: FloatArray = lengths - couplings.T @ couplings
    return out


def total_variance(adjusted: Adjusted, contrasts: FloatArray) -> float:
    r"""Return the sum over the entries of the variances of the estimated covariance of ``contrasts`` (p, r).

    With :math:`P_{gh}` the r x r covariance of :math:`a_g'e` and :math:`a_h'e`, Gaussian errors give
    :math:`\sum_{gh} (tr P_{gh})^2 + tr(P_{gh}P_{gh})`. No G x G matrix is formed where q r is smaller: the cross terms
    are squares of one (q r) x (q r) sum.
    """
    groups, q, p = adjusted.couplings.shape
    r = contrasts.shape[1]
    # One product each, not one a cluster.
    couplings = (adjusted.couplings.reshape(groups * q, p) @ contrasts).reshape(groups, q, r)
    half = (adjusted.lengths.reshape(groups * p, p) @ contrasts).reshape(groups, p, r)
    lengths = np.einsum("gpr,ps->gsr", half, contrasts)
    own = lengths - np.swapaxes(couplings, 1, 2) @ couplings
    total = float(np.square(np.trace(own, axis1=1, axis2=2)).sum() + np.einsum("gst,gts->", own, own))
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
    return total - float(np.square(np.trace(inner, axis1=1, axis2=2)).sum() + np.einsum("gst,gts->", inner, inner))


def satterthwaite(adjusted: Adjusted, contrasts: FloatArray, mean_of_all: FloatArray) -> float:
    r"""Return the degrees of freedom of one contrast (p, 1), or HTZ's :math:`\eta` of several.

    :math:`\eta = r (r + 1) / \sum_{st} var(D_{st})`, D the estimated covariance of the contrasts standardised by its
    expectation; for one contrast :math:`2 E(V)^2 / var(V)` (Satterthwaite 1946; Pustejovsky and Tipton 2018,
    section 3). NaN where the contrast has no expected variance. ``mean_of_all`` is `expected` of the coefficients.
    """
    mean = contrasts.T @ mean_of_all @ contrasts
    r = mean.shape[0]
    values, vectors = np.linalg.eigh(mean)
    if not values[0] > SINGULAR * np.abs(values[-1]) or values[0] <= 0.0:
        return float("nan")
    standard = contrasts @ (vectors / np.sqrt(values))
    return float(r * (r + 1) / total_variance(adjusted, standard))


def _weights(values: FloatArray, power: float) -> tuple[FloatArray, int]:
    remaining = 1.0 - values
    good = remaining > SINGULAR
    weight = np.where(good, np.where(good, remaining, 1.0) ** power, 0.0)
    singular = (~good).reshape(-1, values.shape[-1]).any(axis=1).sum()
    return weight, int(singular)
