r"""Panel moments: everything one-way panel estimators need, from one pass over the rows.

For rows ``v = [x, y]`` in groups i, the moments are the group weights :math:`W_i`, the group means :math:`\bar v_i` and
the triangular factor R of the demeaned rows, :math:`R'R = \sum_{it} w_{it} (v_{it} - \bar v_i)(v_{it} - \bar v_i)'`.
Pooled, between, fixed- and random-effects regressions follow by stacking
:math:`\sqrt{W_i}(1-\theta_i)(\bar v_i - m)` under R, never by subtracting cross products.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.kernels.linear.columns import Column
from panelvar.kernels.linear.demeaned import demeaned_rows
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.qr import CrossProducts, RowAccumulator, pays, triangularize
from panelvar.kernels.linear.rows import BLOCK_ROWS, MakesRows, restored_norms


class PanelMoments(NamedTuple):
    """Counts, means and demeaned triangle of grouped rows.

    Attributes
    ----------
    counts : (G,) array
        Rows in each group.
    weights : (G,) array
        Sum of the analytic weights in each group (equal to ``counts`` without weights).
    means : (G, k) array
        Weighted means of each group.
    r : (k, k) array
        Upper-triangular factor of the rows after their group's mean is subtracted.
    """

    counts: Array
    weights: Array
    means: Array
    r: Array

    @property
    def raw_norms(self) -> Array:
        """Size of each column before its group's mean is subtracted, against which rank is judged."""
        return restored_norms(self.r, [(self.weights, self.means)])

    def centre(self, theta: Array | float = 0.0) -> tuple[Array, float]:
        r"""Return the mean of quasi-demeaned rows against the quasi-demeaned constant, and its sum of squares.

        With :math:`z_i = 1 - \theta_i`, returns :math:`m = \sum_i W_i z_i^2 \bar v_i / \sum_i W_i z_i^2` and
        :math:`\sum_i W_i z_i^2`.
        """
        mass = self.weights * (1.0 - theta) ** 2
        total = float(mass.sum())
        return mass @ self.means / total, total

    def triangle(self, theta: Array | float = 0.0, *, centre: Array | None) -> Array:
        r"""Return the R factor of the rows :math:`v_{it} - \theta_i \bar v_i - (1-\theta_i) m`.

        ``theta = 1`` gives the within rows, ``theta = 0`` the pooled rows; ``centre=None`` leaves them uncentred
        (a model without a constant).
        """
        return triangle_of_means(self.means, np.sqrt(self.weights) * (1.0 - theta), centre, self.r)

    def merge(self, other: PanelMoments) -> PanelMoments:
        r"""Combine the moments of two disjoint sets of rows over the same groups.

        A group present on both sides adds one row :math:`\sqrt{W_1 W_2 / (W_1 + W_2)}\,(\bar v_1 - \bar v_2)` to the
        stacked triangles (Chan, Golub and LeVeque 1983), so nothing is ever subtracted from a square.
        """
        weights = self.weights + other.weights
        safe = np.where(weights > 0.0, weights, 1.0)
        gap = self.means - other.means
        means = self.means - gap * (other.weights / safe)[:, None]
        shared = (self.weights > 0.0) & (other.weights > 0.0)
        bridge = np.sqrt(self.weights[shared] * other.weights[shared] / weights[shared])[:, None] * gap[shared]
        stacked = np.asfortranarray(np.vstack((self.r, other.r, bridge)))
        return PanelMoments(self.counts + other.counts, weights, means, triangularize(stacked))


def triangle_of_means(means: Array, root: Array, centre: Array | None, above: Array | None = None) -> Array:
    """Return the R factor of means less a centre, times roots of weights, below other rows.

    Parameters
    ----------
    means : (G, k) array
    root : (G,) array
    centre : (k,) array or None
    above : (m, k) array, optional
    """
    groups, width = means.shape
    lead = 0 if above is None else len(above)
    level = 0.0 if centre is None else centre
    if groups <= BLOCK_ROWS:
        stack = np.empty((lead + groups, width), order="F")
        stack[:lead] = above
        stack[lead:] = root[:, None] * (means - level)
        return triangularize(stack)

    def pile(into: CrossProducts | RowAccumulator) -> None:
        if above is not None:
            into.room(lead)[...] = above
            into.update()
        # Many means are as much as a column of the rows each: a block of them at a time.
        for start in range(0, groups, BLOCK_ROWS):
            part = slice(start, min(start + BLOCK_ROWS, groups))
            np.multiply(root[part, None], means[part] - level, out=into.room(part.stop - start))
            into.update()

    if pays(width):
        products = CrossProducts(width, BLOCK_ROWS)
        pile(products)
        triangle = products.triangle()
        if triangle is not None:
            return triangle
    accumulator = RowAccumulator(width)
    pile(accumulator)
    return accumulator.r


def panel_moments(
    columns: Sequence[Column] | MakesRows, groups: Grouping, weights: Array | None = None
) -> PanelMoments:
    """Compute the moments of ``columns`` within ``groups``, from one reading of sorted rows.

    Parameters
    ----------
    columns : sequence of (n,) arrays, or those of a stream
        Regressors and, by the library's habit, the dependent variable last.
    groups : Grouping
        Group of each row.
    weights : (n,) array or None
        Analytic weights, strictly positive.
    """
    counts = groups.sizes.astype(np.float64)
    sums = counts if weights is None else groups.mass(weights)
    rows, triangle = demeaned_rows(columns, groups, weights)
    return PanelMoments(counts, sums, rows.tables[0], triangle)


def quasi_demeaning_weight(idiosyncratic: float, effect: float | Array, counts: Array) -> Array:
    r"""Return :math:`\theta_i = 1 - \sqrt{\sigma_\varepsilon^2 / (\sigma_\varepsilon^2 + T_i \sigma_\mu^2)}`.

    Baltagi (2013, chapter 9). A zero idiosyncratic variance with a positive effect gives 1, two zeros give 0.

    Parameters
    ----------
    idiosyncratic : float
    effect : float or (G,) array
        Variance of the effect, not negative.
    counts : (G,) array
        Rows :math:`T_i` of each group.
    """
    total = idiosyncratic + counts * effect
    safe = np.where(total > 0.0, total, 1.0)
    return np.where(total > 0.0, 1.0 - np.sqrt(idiosyncratic / safe), 0.0)
