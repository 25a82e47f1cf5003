r"""Meats of clustered covariances of many models of one outcome, from one table of products.

With Q an orthonormal basis of all regressors and :math:`e` the residuals of the outcome on all of them, the residuals
of any model are :math:`e + Q d`, and its own orthonormal basis is :math:`Q B`. Its scores, summed within a cluster, are
then linear in the cluster's products :math:`P_g` of the columns of Q with one another and with :math:`e`. So
:math:`\sum_g P_g P_g'`, added up once, holds the meats of all models. Neither map cancels: B has orthonormal columns,
and :math:`Q d` is orthogonal to :math:`e`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.estimates.fit.fit import Fit
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.rows import TransformedRows
from panelvar.panels.batches.cluster_blocks import equal_lengths, fill_block, stacked, whole_clusters

_WORTH = 4.0
"""Multiplications of the table's cross product that take the time of one in a model's own scores."""
_APART = 3
"""The same for a product whose clusters do not stand together, as part of a score."""
_MOST_HELD = 8_000_000
"""Numbers of a table of clusters whose rows do not stand together."""


class Products:
    """Which products of the columns [constant, Q, e] a table holds, and the map from them to a model's scores.

    Parameters
    ----------
    lead : int
        One with a constant, zero without.
    regressors : int
        Columns of Q.
    """

    def __init__(self, lead: int, regressors: int) -> None:
        width = lead + regressors + 1
        # Scores are of the constant and Q; residuals are made of Q and e.
        first, second = np.triu_indices(width)
        used = (first < width - 1) & (second >= lead)
        self.first: Positions = first[used]
        self.second: Positions = second[used]
        self.width = width
        self._both = np.flatnonzero((self.first != self.second) & (self.second < width - 1) & (self.first >= lead))

    def __len__(self) -> int:
        return len(self.first)

    def to_scores(self, loadings: Array) -> Array:
        """Return the map (products, width - 1) to summed scores of the residuals with such loadings (width,)."""
        out = np.zeros((len(self), self.width - 1))
        every = np.arange(len(self))
        out[every, self.first] = loadings[self.second]
        out[self._both, self.second[self._both]] = loadings[self.first[self._both]]
        return out


def pays(models: int, regressors: int, grouping: Grouping) -> bool:
    """Whether a table of products serves that many models of one outcome sooner than their scores do."""
    products = len(Products(1, regressors))
    if not equal_lengths(grouping):
        # A table is made of sums by code.
        return products * grouping.n_groups <= _MOST_HELD and _APART * products < models * regressors
    rows = grouping.n_rows / grouping.n_groups
    return products * products < _WORTH * models * regressors * (rows + regressors / 2)


def meats_of_products(
    rows: TransformedRows,
    triangle: Array,
    fits: Sequence[Fit],
    places: Sequence[Positions],
    grouping: Grouping,
) -> list[Array]:
    """Return the meat (p, p) of every fit, clustered by one grouping.

    Parameters
    ----------
    rows : TransformedRows
        All regressors and, last, the outcome.
    triangle : (k + 1, k + 1) array
        R factor of them.
    fits, places
        The models, and which of the regressors they have.
    grouping : Grouping
    """
    k = len(triangle) - 1
    lead = int(fits[0].constant)
    products = Products(lead, k)
    r = triangle[:k, :k]
    every = np.linalg.solve(r, triangle[:k, k])
    turn = np.eye(lead + k + 1)
    turn[lead:-1, lead:-1] = np.linalg.solve(r, np.eye(k))
    turn[lead:-1, -1] = -every
    moments = _add_up_moments(rows, turn, products, grouping)
    meats = []
    for fit, place in zip(fits, places, strict=True):
        slopes = np.zeros(k)
        slopes[place] = fit.solution.coefficients
        loadings = np.concatenate((np.zeros(lead), r @ (every - slopes), [1.0]))
        scores = products.to_scores(loadings) @ basis_of(fit, place, r, lead)
        meats.append(scores.T @ moments @ scores)
    return meats


def basis_of(fit: Fit, regressors: Positions, r: Array, lead: int) -> Array:
    """Return a model's orthonormal basis (lead + k, p) as combinations of that of all regressors.

    Parameters
    ----------
    fit : Fit
    regressors : array of int
        Places of its regressors among all of them.
    r : (k, k) array
        R factor of all regressors.
    lead : int
        One with a constant, zero without.
    """
    basis = np.eye(lead + len(r), lead + len(fit.kept))
    basis[lead:, lead:] = r[:, regressors[fit.kept]] @ fit.solution.inverse_r
    return basis


def _add_up_moments(rows: TransformedRows, turn: Array, products: Products, grouping: Grouping) -> Array:
    """Add up the outer products of the clusters' products, of the columns [constant, Q, e] that ``turn`` makes."""
    lead = len(turn) - rows.n_columns
    if equal_lengths(grouping):
        total = np.zeros((len(products),) * 2)
        flat = products.first * products.width + products.second
        for start, stop, cells in whole_clusters(grouping):
            turned = stacked(fill_block(rows, start, stop, lead) @ turn, cells)
            crossed = np.matmul(turned.swapaxes(1, 2), turned).reshape(len(cells), -1)[:, flat]
            total += crossed.T @ crossed
        return total
    table = np.zeros((grouping.n_groups, len(products)), order="F")
    for start, stop in rows.block_bounds():
        columns = np.asfortranarray(fill_block(rows, start, stop, lead) @ turn)
        grouping.add_sums(columns[:, products.first] * columns[:, products.second], start, stop, table)
    return table.T @ table
