r"""Regression of reduced rank by canonical correlations: no moment matrix is formed or inverted.

In :math:`z_0 = \alpha\beta' z_1 + \Psi z_2 + u` the matrix :math:`\alpha\beta'` has rank r. The triangle of the rows
:math:`[Z_2, Z_1, Z_0]`,

.. math:: R = \begin{pmatrix} R_{22} & R_{21} & R_{20} \\ 0 & R_{11} & R_{10} \\ 0 & 0 & R_{00} \end{pmatrix},

holds :math:`Z_1` less :math:`Z_2` in an orthonormal basis, :math:`R_{11}`, and :math:`Z_0` less :math:`Z_2` in the
same basis continued, :math:`(R_{10}', R_{00}')'`. With orthonormal columns Q of the latter, of which the first rows
are C, the singular values of C are the canonical correlations of the two: their squares are the eigenvalues
:math:`\lambda_i` of :math:`S_{11}^{-1} S_{10} S_{00}^{-1} S_{01}`, and with left vectors U,
:math:`\beta = R_{11}^{-1} U_r` maximises the likelihood.

References: Johansen (1995), *Likelihood-Based Inference in Cointegrated Vector Autoregressive Models*, chapter 6 and,
for restrictions, chapters 7 and 8; Bjorck and Golub (1973), Mathematics of Computation 27, 579-594.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array


class Canonical(NamedTuple):
    """Canonical correlations of two sets of variables, and what the likelihood needs of them.

    Attributes
    ----------
    eigenvalues : array (..., k)
        Squared canonical correlations, largest first; k is the smaller number of columns.
    left : array (..., q, k)
        Left singular vectors, in the coordinates of the orthonormal basis of the first set.
    """

    eigenvalues: Array
    left: Array


def canonical_correlations(right: Array, corner: Array) -> Canonical:
    """Squared canonical correlations of Z1 and Z0, both less their regression on Z2.

    Parameters
    ----------
    right, corner : array (..., q, K) and (..., h, K)
        R10, and anything whose cross products are the squares of Z0 that neither Z1 nor Z2 explain, such as R00.

    Notes
    -----
    Columns may differ in scale by any powers: those of Q have none.
    """
    basis, _ = np.linalg.qr(np.concatenate([right, corner], axis=-2))
    left, correlations, _ = np.linalg.svd(basis[..., : right.shape[-2], :], full_matrices=False)
    # Rounding may leave a correlation of one a little above it.
    return Canonical(np.minimum(correlations**2, 1.0), left)


def likelihood_terms(eigenvalues: Array) -> Array:
    r"""Terms :math:`-\ln(1 - \lambda_i)` of the likelihood ratios, infinite where a relation fits exactly."""
    with np.errstate(divide="ignore"):
        terms: Array = -np.log1p(-eigenvalues)
    return terms


def project(right: Array, left: Array, rank: int) -> Array:
    """R10 as a regression of a rank has it: its projection on the first left vectors, (..., q, K)."""
    first = left[..., :rank]
    return first @ (first.swapaxes(-1, -2) @ right)


class Relations(NamedTuple):
    """Relations under restrictions.

    Attributes
    ----------
    eigenvalues : array (k,)
        Squared canonical correlations, largest first.
    beta : array (q, k)
        Candidates for the relations, best first.
    alpha : array (K, k)
        What belongs to them.
    """

    eigenvalues: Array
    beta: Array
    alpha: Array


def restricted_relations(
    triangle: Array, right: Array, corner: Array, span_beta: Array, span_alpha: Array
) -> Relations:
    r"""Relations with every column of beta in the span of H and every column of alpha in the span of A.

    Equations outside the span of A do not react to the relations; the others are taken given them (Johansen 1995,
    chapters 7 and 8).

    Parameters
    ----------
    triangle, right, corner : array (q, q), (q, K), (K, K)
        R11, R10 and R00.
    span_beta, span_alpha : array (q, s) and (K, a)
        H and A, of full column rank; identity matrices for no restriction.
    """
    count = span_alpha.shape[1]
    whole, _ = np.linalg.qr(span_alpha, mode="complete")
    inside, outside = whole[:, :count], whole[:, count:]
    equations = np.concatenate([right, corner])
    levels = np.concatenate([triangle @ span_beta, np.zeros((len(corner), span_beta.shape[1]))])
    marginal, _ = np.linalg.qr(equations @ outside)
    levels -= marginal @ (marginal.T @ levels)
    own = equations @ inside
    own -= marginal @ (marginal.T @ own)
    basis, upper = np.linalg.qr(levels)
    along = basis.T @ own
    found = canonical_correlations(along, own - basis @ along)
    beta: Array = span_beta @ np.linalg.solve(upper, found.left)
    return Relations(found.eigenvalues, beta, inside @ (found.left.T @ along).T)


def relations_beside(triangle: Array, right: Array, corner: Array, known: Array) -> tuple[Array, Relations]:
    """Eigenvalues of known relations, and the other relations given them (Johansen 1995, chapter 7).

    Parameters
    ----------
    triangle, right, corner : array (q, q), (q, K), (K, K)
        R11, R10 and R00.
    known : array (q, k)
        Columns of beta.

    Returns
    -------
    array (k,)
        Squared canonical correlations of the known relations and the equations.
    Relations
        The others; alpha is left out of account.
    """
    count = known.shape[1]
    whole, _ = np.linalg.qr(triangle @ known, mode="complete")
    turned = whole.T @ right
    first = canonical_correlations(turned[:count], np.concatenate([turned[count:], corner]))
    rest = canonical_correlations(turned[count:], corner)
    directions = whole[:, count:] @ rest.left
    beta = np.asarray(np.linalg.solve(triangle, directions), dtype=np.float64)
    return first.eigenvalues, Relations(rest.eigenvalues, beta, right.T @ directions)
