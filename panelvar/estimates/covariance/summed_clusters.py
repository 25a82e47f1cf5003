r"""Many clusters: sums over them in place of what belongs to each.

Degrees of freedom are made of products of two entries of symmetric matrices that belong to the clusters. On a narrow
basis (`NARROW`) the sums of all these products are kept, :math:`q (q + 1) / 2` rows and columns of them, and every
contrast has its degrees from these (`ProductSums`). On a wider one the clusters are gone through once more for several
contrasts at a time (`CoefficientSums`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.scaling import exponents
from panelvar.estimates.covariance.cluster_adjustment import (
    NARROW,
    ClusterParts,
    adjusted_alike,
    pair_total,
    satterthwaite,
    turned,
)
from panelvar.estimates.covariance.symmetric_stacks import line_products, upper_entries, upper_squares


@dataclass(frozen=True, eq=False)
class ProductSums:
    r"""Adjusted scores of many clusters, and sums of products of entries over the clusters.

    With :math:`O_g = V_g (I - V_g)^{1 + 2 power}` and :math:`D_g = V_g (I - V_g)^{power}`, contrasts :math:`t` of the
    basis have the covariances :math:`P_{gh} = 1_{g=h} t'O_g t - t'D_g D_h t`. Of a symmetric matrix the entries on and
    above the diagonal are taken, line by line (h of them).

    Attributes
    ----------
    moves, singular
        As of `panelvar.estimates.covariance.cluster_adjustment.Adjusted`.
    own : (q, q) array
        :math:`\sum_g O_g`.
    own_products, shared_products, coupled_products : (h, h) arrays
        The sums of products of two entries of :math:`O_g`, of :math:`D_g^2` and of :math:`D_g`.
    targets : (q, p) array
        T, each coefficient as a combination of the basis.
    """

    moves: Array
    singular: int
    own: Array
    own_products: Array
    shared_products: Array
    coupled_products: Array
    targets: Array

    @cached_property
    def expected(self) -> Array:
        """The expected covariance (p, p) of the coefficients under independent errors of unit variance."""
        return np.asarray(self.targets.T @ self.own @ self.targets)

    @cached_property
    def degrees(self) -> Array:
        """Satterthwaite's degrees of freedom (p,) of each coefficient; NaN where it has no expected variance."""
        targets, _ = _scaled(self.targets)
        return np.array([satterthwaite(self.own, self._variance_of_directions, t[:, None]) for t in targets.T])

    def total_variance(self, contrasts: Array) -> float:
        """Return the sum over the entries of the variances of the estimated covariance of ``contrasts`` (p, r)."""
        return self._variance_of_directions(self.targets @ contrasts)

    def _variance_of_directions(self, directions: Array) -> float:
        """Return it of contrasts (q, r) of the basis."""
        q, r = directions.shape
        rows, columns = np.triu_indices(q)
        both = directions[rows][:, :, None] * directions[columns][:, None, :]
        # What each entry adds to t'At, an entry off the diagonal and its twin together.
        maps = (both + both.swapaxes(1, 2)) * np.where(rows == columns, 0.5, 1.0)[:, None, None]
        traces, maps = np.einsum("hss->h", maps), maps.reshape(-1, r * r)
        net = self.own_products - self.shared_products
        within = float(traces @ net @ traces + np.einsum("hs,hs->", maps, net @ maps))
        # All pairs, of the same cluster too: the products of entries once with the contrasts, and once without.
        place = _places(q)
        plain = self.coupled_products[place[:, :, None, None], place]
        span = directions @ directions.T
        inside = np.einsum("xa,yc,abcd->xbyd", span, span, plain, optimize=True)
        pairs = np.einsum("xbyd,bxdy->", inside, plain) + np.einsum("xbyd,bydx->", inside, plain)
        return within + float(pairs)


@dataclass(frozen=True, eq=False)
class CoefficientSums:
    """Adjusted scores of many clusters, and sums over the clusters for each coefficient.

    Attributes
    ----------
    moves, degrees, singular
        As of `panelvar.estimates.covariance.cluster_adjustment.Adjusted`.
    own : (q, q) array
        As of `ProductSums`.
    runs : callable
        Goes through the clusters once more: what several contrasts need is summed again.
    targets, power
        As of `panelvar.estimates.covariance.cluster_adjustment.adjust`.
    """

    moves: Array
    degrees: Array
    singular: int
    own: Array
    runs: Callable[[], Iterable[ClusterParts]]
    targets: Array
    power: float

    @cached_property
    def expected(self) -> Array:
        """The expected covariance (p, p) of the coefficients under independent errors of unit variance."""
        return np.asarray(self.targets.T @ self.own @ self.targets)

    def total_variance(self, contrasts: Array) -> float:
        """Return the sum over the entries of the variances of the estimated covariance of ``contrasts`` (p, r)."""
        directions = self.targets @ contrasts
        q, r = directions.shape
        total, joint = 0.0, np.zeros((r * q, r * q))
        for run in self.runs():
            for _, alike in adjusted_alike(run, self.power):
                couplings = turned(alike.coupled, directions)
                total += pair_total(directions.T @ turned(alike.own, directions))
                total -= pair_total(line_products(couplings.transpose(1, 0, 2)))
                flat = couplings.reshape(r * q, -1)
                joint += flat @ flat.T
        pairs = joint.reshape(r, q, r, q).transpose(0, 2, 1, 3)
        return total + float((pairs * (pairs + pairs.swapaxes(2, 3))).sum())


def sum_adjusted(
    runs: Callable[[], Iterable[ClusterParts]], groups: int, targets: Array, power: float
) -> ProductSums | CoefficientSums:
    """Adjust the scores of so many clusters, a run of them at a time, and sum what degrees of freedom need."""
    if 0 < len(targets) <= NARROW:
        return _sum_products(runs, groups, targets, power)
    return _sum_by_coefficient(runs, groups, targets, power)


def _sum_products(runs: Callable[[], Iterable[ClusterParts]], groups: int, targets: Array, power: float) -> ProductSums:
    q = len(targets)
    size = q * (q + 1) // 2
    moves, singular, first = np.empty((groups, targets.shape[1])), 0, 0
    own, products = np.zeros(size), np.zeros((3, size, size))
    for run in runs():
        moved = moves[first : first + len(run.gram)]
        for where, alike in adjusted_alike(run, power):
            moved[where] = alike.scores @ targets
            singular += alike.singular
            entries = upper_entries(alike.own)
            own += entries.sum(axis=1)
            products[0] += entries @ entries.T
            entries = upper_squares(alike.coupled, out=entries)
            products[1] += entries @ entries.T
            entries = upper_entries(alike.coupled, out=entries)
            products[2] += entries @ entries.T
        first += len(moved)
    return ProductSums(moves, singular, own[_places(q)], products[0], products[1], products[2], targets)


def _sum_by_coefficient(
    runs: Callable[[], Iterable[ClusterParts]], groups: int, targets: Array, power: float
) -> CoefficientSums:
    r"""Sum what the degrees of single coefficients need.

    With contributions of variances :math:`v_g` and couplings :math:`u_g` they are
    :math:`(\sum v_g)^2 / (\sum_g v_g^2 - \sum_g (u_g'u_g)^2 + \lVert\sum_g u_g u_g'\rVert^2)`.
    """
    scaled, units = _scaled(targets)
    q, p = targets.shape
    own, squares, joint = np.zeros((q, q)), np.zeros(p), np.zeros((p, q, q))
    moves, singular, first = np.empty((groups, p)), 0, 0
    for run in runs():
        moved = moves[first : first + len(run.gram)]
        for where, alike in adjusted_alike(run, power):
            moved[where] = alike.scores @ scaled
            singular += alike.singular
            couplings = turned(alike.coupled, scaled)
            variances = np.einsum("pqg,qp->pg", turned(alike.own, scaled), scaled)
            own += alike.own.sum(axis=2)
            squares += np.square(variances).sum(axis=1)
            squares -= np.square(np.einsum("pqg,pqg->pg", couplings, couplings)).sum(axis=1)
            joint += couplings @ np.swapaxes(couplings, 1, 2)
        moved *= np.ldexp(1.0, units)
        first += len(moved)
    means = np.einsum("qp,qp->p", scaled, own @ scaled)
    total = squares + np.square(joint).sum(axis=(1, 2))
    exists = (means > 0.0) & (total > 0.0)
    degrees = np.where(exists, np.square(means) / np.where(exists, total, 1.0), np.nan)
    return CoefficientSums(moves, degrees, singular, own, runs, targets, power)


def _places(q: int) -> Positions:
    """Return the place of each entry of a symmetric matrix among those on and above the diagonal, (q, q)."""
    rows, columns = np.triu_indices(q)
    place = np.empty((q, q), dtype=np.intp)
    place[rows, columns] = place[columns, rows] = np.arange(len(rows))
    return place


def _scaled(targets: Array) -> tuple[Array, NDArray[np.signedinteger[Any]]]:
    """Return the targets in units of powers of two, and the exponents of these (p,)."""
    # Powers of two that are finite themselves: a product with one is exact, and faster than `np.ldexp` of every number.
    units = np.clip(exponents(targets, axis=0), -1000, 1000)
    return np.ldexp(targets, -units), units
