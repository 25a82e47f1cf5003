r"""Meats of clustered covariances of many models on the same rows, in one pass.

With Q an orthonormal basis of all regressors, the scores of a cluster are :math:`Q_g' E_g`, with a column of residuals
for each model: one product for all models at once. A model's own orthonormal basis is :math:`Q B`, so its meat is
:math:`B' (\sum_g Q_g' e_g e_g' Q_g) B`; B has orthonormal columns, and nothing cancels. No sum is kept beyond a block
of rows.

Two ways add up the sum in the middle. By residuals, as it is written, each model has scores of its own: 1,000 outcomes
of the same 10 regressors on 10,000 entities of 10 periods take 2.5 seconds, and 12 where each model is fitted by
itself. Models of one outcome share a table of products (`panelvar.panels.batches.score_products`) where there
are many of them: 100 specifications of some 10 of 20 regressors on 100,000 entities of 10 periods take 0.8 seconds,
2.4 by residuals, and 7.0 each by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.estimates.fit.fit import Fit
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.rows import TransformedRows
from panelvar.panels.batches.cluster_blocks import equal_lengths, fill_block, laid_out, stacked, whole_clusters
from panelvar.panels.batches.score_products import basis_of, meats_of_products, pays
from panelvar.panels.batches.shared_rows import SelectedRows, SharedProducts, between

_MODELS = 32
"""Models whose residuals are held for a block of rows: they stay in the cache."""
_SEPARATE = 1e8
"""Condition of the scaled regressors below which they have an orthonormal basis."""


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
            chosen = [fits[i] for i in members]
            within = [np.searchsorted(regressors, places[i][:-1]) for i in members]
            by_products = meats_of_products(SelectedRows(rows, union), triangle, chosen, within, grouping)
            meats.update(zip(members, by_products, strict=True))
    rest = [i for i in fits if i not in meats]
    if rest and equal_lengths(grouping):
        r = between(rows, 0, products.regressors).triangle()
        with np.errstate(invalid="ignore", divide="ignore"):
            scaled = r / np.linalg.norm(r, axis=0)
        if np.isfinite(scaled).all() and np.linalg.cond(scaled) < _SEPARATE:
            by_residuals = _meats_of_residuals(rows, r, [fits[i] for i in rest], [places[i] for i in rest], grouping)
            meats.update(zip(rest, by_residuals, strict=True))
    return meats


def _meats_of_residuals(
    rows: TransformedRows, r: Array, fits: Sequence[Fit], places: Sequence[Positions], grouping: Grouping
) -> list[Array]:
    """Return the meats of fits from the residuals of many models at a time (clusters of `equal_lengths`).

    ``r`` is the R factor of all regressors, the first columns.
    """
    k, lead = len(r), int(fits[0].constant)
    chunks = []
    for first in range(0, len(fits), _MODELS):
        chosen = range(first, min(first + _MODELS, len(fits)))
        outcomes, of_model = np.unique([places[i][-1] for i in chosen], return_inverse=True)
        loadings = np.zeros((lead + k, len(chosen)))
        for j, i in enumerate(chosen):
            loadings[lead + places[i][:-1], j] = -fits[i].solution.coefficients
        chunks.append((slice(first, chosen.stop), SelectedRows(rows, outcomes), of_model, loadings))
    turn = np.eye(lead + k)
    turn[lead:, lead:] = np.linalg.solve(r, np.eye(k))
    totals = np.zeros((len(fits), lead + k, lead + k))
    regressors = between(rows, 0, k)
    for start, stop, cells in whole_clusters(grouping):
        x = fill_block(regressors, start, stop, lead)
        basis = stacked(x @ turn, cells)
        for part, y_rows, of_model, loadings in chunks:
            residuals = x @ loadings
            residuals += fill_block(y_rows, start, stop, 0)[:, of_model]
            by_cluster = laid_out(residuals, cells).reshape(*cells.shape, -1).swapaxes(1, 2)
            # A model's sums lie together.
            sums = np.empty((loadings.shape[1], len(cells), lead + k))
            np.matmul(by_cluster, basis, out=sums.swapaxes(0, 1))
            totals[part] += np.matmul(sums.swapaxes(1, 2), sums)
    bases = [basis_of(fit, place[:-1], r, lead) for fit, place in zip(fits, places, strict=True)]
    return [basis.T @ total @ basis for basis, total in zip(bases, totals, strict=True)]
