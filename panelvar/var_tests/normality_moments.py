r"""Urzua's test of normality: all third and fourth moments, each about its exact mean over its exact variance.

n rows of K independent normal series, about their means and standardised by the symmetric root of their covariance,
are a frame of K orthogonal directions drawn at random among those orthogonal to a one. The moments below follow from
those of a random direction q of n - 1 dimensions and, given it, of a second one of n - 2:
:math:`E(w'q)^2 = |w|^2/d` and :math:`E(q'Aq)^2 = (\mathrm{tr}^2 A + 2\,\mathrm{tr}A^2) / (d (d + 2))`; and from the
symmetry of the tensor of moments under rotations, which leaves three numbers for all products of two fourth moments.

One series: Urzua (1996), On the correct use of omnibus tests for normality, Economics Letters 53, 247-251. Several:
Urzua (1997), Omnibus tests for multivariate normality based on a class of maximum entropy distributions, Advances in
Econometrics 12, 341-358.
"""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np

from panelvar.base.arrays import Array


class UrzuaStatistics(NamedTuple):
    """Chi-squared statistics of K series' own third and fourth moments, K each, and of all K(K+1)(K+2)(K+7)/24."""

    skewness: float
    kurtosis: float
    joint: float


def exact_moments(n: int) -> dict[tuple[int, ...], tuple[float, float]]:
    """Mean and variance of each kind of moment; (2, 1) is the average of a square of one series times another."""
    third = 6.0 * (n - 2) / ((n + 1.0) * (n + 3))
    fourth = 3.0 * (n - 1) / (n + 1.0)
    spread = 24.0 * n * (n - 2) * (n - 3) / ((n + 1.0) ** 2 * (n + 3) * (n + 5))
    square = spread + fourth**2
    sixth = 15.0 * (n - 1.0) ** 2 / ((n + 1.0) * (n + 3))
    three_one = (sixth - third - square) / (n - 2)
    # Given the first series, the average of its squares times those of a second is a quadratic form in the second.
    c = 1.0 - 1.0 / n
    trace_squared = c**2 - 2.0 * c * fourth / n + square / n**2
    squared_trace = ((n - 2) * fourth + 1.0 - 2.0 * sixth + 2.0 * third + square) / n**2
    two_two = n**2 * (trace_squared + 2.0 * squared_trace) / ((n - 2.0) * n)
    # Pairs of indices all across the two moments, or one pair within each: what is left of the tensor's symmetry.
    across = (4.0 * three_one - (square - 9.0 * two_two)) / 36.0
    within = (three_one - 6.0 * across) / 9.0
    mean = (n - 1.0) / (n + 1.0)
    return {
        (3,): (0.0, third),
        (2, 1): (0.0, 2.0 * n / ((n + 1.0) * (n + 3))),
        (1, 1, 1): (0.0, 1.0 / (n + 3)),
        (4,): (fourth, spread),
        (3, 1): (0.0, three_one),
        (2, 2): (mean, two_two - mean**2),
        (2, 1, 1): (0.0, 2.0 * across + within),
        (1, 1, 1, 1): (0.0, across),
    }


def urzua(residuals: Array) -> UrzuaStatistics:
    """Statistics of residuals, about their means, standardised by the symmetric root of their covariance."""
    n, n_vars = residuals.shape
    centred = residuals - residuals.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / n)
    white = centred @ vectors / np.sqrt(values) @ vectors.T
    known = exact_moments(n)
    own, joint = {3: 0.0, 4: 0.0}, 0.0
    for order in (3, 4):
        for places in combinations_with_replacement(range(n_vars), order):
            kind = tuple(sorted((places.count(place) for place in set(places)), reverse=True))
            mean, variance = known[kind]
            score = (float(white[:, list(places)].prod(axis=1).mean()) - mean) ** 2 / variance
            joint += score
            if kind == (order,):
                own[order] += score
    return UrzuaStatistics(own[3], own[4], joint)
