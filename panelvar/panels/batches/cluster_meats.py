r"""Meats of clustered covariances of many models on the same rows, in one pass.

The scores of a cluster are :math:`X_g' E_g`, with a column of residuals for each model: one product for all regressors
and all models at once. Each model then takes its own regressors, turns them into its orthonormal basis
(`panelvar.estimates.fit.scores`) and adds up the squares; no sum is kept beyond a block of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.estimates.fit.fit import Fit
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.rows import TransformedRows
from panelvar.panels.batches.cluster_blocks import equal_lengths, laid_out, stacked, whole_clusters
from panelvar.panels.batches.score_products import meats_of_products, pays
from panelvar.panels.batches.shared_rows import SelectedRows, SharedProducts, between

_MODELS = 32
"""Models whose residuals are held for a block of rows: they stay in the cache."""


def cluster_meats(
    rows: TransformedRows,
    products: SharedProducts,
    fits: Mapping[int, Fit],
    places: Sequence[Positions],
    grouping: Grouping,
) -> dict[int, Array]:
    """Return the meats (p, p) of fits, clustered by one grouping; those that no way here serves are left out.

    Parameters
    ----------
    rows : TransformedRows
        Columns of all models.
    products : SharedProducts
        Their cross products.
    fits : mapping
        The models by their numbers.
    places : sequence
        Which columns the model of each number has, the dependent variable last.
    grouping : Grouping
    """
    meats: dict[int, Array] = {}
    by_outcome: dict[int, list[int]] = {}
    for i in fits:
        by_outcome.setdefault(int(places[i][-1]), []).append(i)
    for outcome, members in by_outcome.items():
        regressors = np.unique(np.concatenate([places[i][:-1] for i in members]))
        union = np.append(regressors, outcome)
        triangle = products.triangle(union) if pays(len(members), len(regressors), grouping) else None
        if triangle is not None:
            chosen, own = [fits[i] for i in members], [np.searchsorted(regressors, places[i][:-1]) for i in members]
            found = meats_of_products(SelectedRows(rows, union), triangle, chosen, own, grouping)
            meats.update(zip(members, found, strict=True))
    rest = [i for i in fits if i not in meats]
    if rest and equal_lengths(grouping):
        found = _by_residuals(rows, products.regressors, [fits[i] for i in rest], [places[i] for i in rest], grouping)
        meats.update(zip(rest, found, strict=True))
    return meats


def _by_residuals(
    rows: TransformedRows,
    regressors: int,
    fits: Sequence[Fit],
    places: Sequence[Positions],
    grouping: Grouping,
) -> list[Array]:
    """Return the meats of fits from the residuals of many models at a time (clusters of `equal_lengths`)."""
    meats = [np.zeros((len(fit.names),) * 2) for fit in fits]
    lead = int(fits[0].constant)
    chunks = []
    for first in range(0, len(fits), _MODELS):
        chosen = range(first, min(first + _MODELS, len(fits)))
        outcomes = np.unique([places[i][-1] for i in chosen])
        loadings = np.zeros((regressors, len(chosen)))
        for j, i in enumerate(chosen):
            loadings[places[i][:-1], j] = -fits[i].solution.coefficients
        own = np.searchsorted(outcomes, [places[i][-1] for i in chosen])
        alike = _alike([fits[i] for i in chosen], [places[i] for i in chosen])
        chunks.append((chosen, SelectedRows(rows, outcomes), loadings, own, alike))
    x_rows = between(rows, 0, regressors)
    for start, stop, cells in whole_clusters(grouping):
        x = np.empty((stop - start, regressors + lead), order="F")
        x_rows.fill(start, stop, x[:, lead:])
        if lead:
            constant = rows.constant
            x[:, 0] = constant if constant is None or isinstance(constant, float) else constant[start:stop]
        every = stacked(x, cells)
        for chosen, y_rows, loadings, own, alike in chunks:
            y = np.empty((stop - start, y_rows.n_columns), order="F")
            y_rows.fill(start, stop, y)
            residuals = x[:, lead:] @ loadings
            residuals += y[:, own]
            laid = laid_out(residuals, cells).reshape(*cells.shape, len(chosen)).swapaxes(1, 2)
            first = chosen[0]
            # The rows of models alike are turned before they are summed, once for all.
            columns = stacked(_turned(x, fits[first], places[first], lead), cells) if alike else every
            # A model's sums lie together.
            sums = np.empty((len(chosen), len(cells), columns.shape[2]))
            np.matmul(laid, columns, out=sums.swapaxes(0, 1))
            if alike:
                for i, meat in zip(chosen, np.matmul(sums.swapaxes(1, 2), sums), strict=True):
                    meats[i] += meat
                continue
            for j, i in enumerate(chosen):
                turned = _turned(sums[j], fits[i], places[i], lead)
                meats[i] += turned.T @ turned
    return meats


def _turned(rows: Array, fit: Fit, places: Positions, lead: int) -> Array:
    """Return rows (m, lead + regressors), or sums of them, of a fit's regressors in its orthonormal basis."""
    own = places[:-1][fit.kept]
    turned = np.empty((len(rows), lead + len(own)))
    turned[:, :lead] = rows[:, :lead]
    # All of them in their order are not gathered.
    every = len(own) == rows.shape[1] - lead and bool((own[1:] > own[:-1]).all())
    np.matmul(rows[:, lead:] if every else rows[:, lead + own], fit.solution.inverse_r, out=turned[:, lead:])
    return turned


def _alike(fits: Sequence[Fit], places: Sequence[Positions]) -> bool:
    """Whether models have the same regressors and basis, as those of many outcomes do."""
    first, own = fits[0], places[0][:-1][fits[0].kept]
    return all(
        np.array_equal(place[:-1][fit.kept], own) and np.array_equal(fit.solution.inverse_r, first.solution.inverse_r)
        for fit, place in zip(fits, places, strict=True)
    )
