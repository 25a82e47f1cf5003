r"""Meats of clustered covariances of many models on the same rows, in one pass.

The scores of a cluster are :math:`X_g' E_g`, with a column of residuals for each model: one product for all regressors
and all models at once. Each model then takes its own regressors, turns them into its orthonormal basis
(`panelvar.fit.scores`) and adds up the squares; no sum is kept beyond a block of rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from panelvar.base.arrays import Array, Positions
from panelvar.fit.fit import Fit
from panelvar.fit_batches.shared_rows import SelectedRows, between
from panelvar.kernels.groups import Grouping
from panelvar.kernels.rows import BLOCK_ROWS, TransformedRows

_MODELS = 32
"""Models whose residuals are held for a block of rows: they stay in the cache."""
_SPREAD = 3
"""Rows of the largest cluster beside those of the average one, up to which clusters are laid out in equal lengths."""


def takes(grouping: Grouping) -> bool:
    """Whether clusters stand together, short and of about one size, so that one pass serves all models."""
    if grouping.starts is None:
        return False
    largest = int(grouping.sizes.max())
    return largest <= BLOCK_ROWS // 4 and largest * grouping.n_groups <= _SPREAD * len(grouping.codes)


def cluster_meats(
    rows: TransformedRows,
    regressors: int,
    fits: Sequence[Fit],
    places: Sequence[Positions],
    grouping: Grouping,
) -> list[Array]:
    """Return the meat (p, p) of every fit, clustered by one grouping that `takes` accepts.

    Parameters
    ----------
    rows : TransformedRows
        Columns of all models.
    regressors : int
        How many of them, the first, are regressors.
    fits, places
        The models, and which columns they have, the dependent variable last.
    grouping : Grouping
    """
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
        chunks.append((chosen, SelectedRows(rows, outcomes), loadings, own))
    x_rows = between(rows, 0, regressors)
    for start, stop, cells in _blocks(grouping):
        n_groups, length = cells.shape
        x = np.empty((stop - start, regressors + lead), order="F")
        x_rows.fill(start, stop, x[:, lead:])
        if lead:
            constant = rows.constant
            x[:, 0] = constant if constant is None or isinstance(constant, float) else constant[start:stop]
        stacked = _laid_out(x, cells).T.reshape(regressors + lead, n_groups, length).transpose(1, 0, 2)
        for chosen, y_rows, loadings, own in chunks:
            y = np.empty((stop - start, y_rows.n_columns), order="F")
            y_rows.fill(start, stop, y)
            residuals = x[:, lead:] @ loadings
            residuals += y[:, own]
            laid = _laid_out(residuals, cells).reshape(n_groups, length, len(chosen))
            sums = np.matmul(stacked, laid)
            for j, i in enumerate(chosen):
                _add(meats[i], sums[:, :, j], fits[i], places[i], lead)
    return meats


def _add(meat: Array, sums: Array, fit: Fit, places: Positions, lead: int) -> None:
    """Add the squares of a block's sums (G, regressors + lead), in the orthonormal basis of a fit."""
    turned = np.empty((len(sums), len(meat)))
    turned[:, :lead] = sums[:, :lead]
    np.matmul(sums[:, lead + places[:-1][fit.kept]], fit.solution.inverse_r, out=turned[:, lead:])
    meat += turned.T @ turned


def _blocks(grouping: Grouping) -> Iterator[tuple[int, int, NDArray[np.intp]]]:
    """Yield blocks of whole groups: the first row, the one after the last, and where rows lie in equal lengths.

    A cell (group, place) holds a row of the block, or the number of its rows where the group is shorter.
    """
    starts = grouping.starts
    assert starts is not None
    first, size = 0, grouping.equal_size
    step = max(BLOCK_ROWS // size, 1) if size else 0
    while first < grouping.n_groups:
        last = first + step if step else int(np.searchsorted(starts, starts[first] + BLOCK_ROWS, side="right")) - 1
        last = min(last, grouping.n_groups)
        begin, end = int(starts[first]), int(starts[last])
        if size:
            cells = np.arange(end - begin).reshape(last - first, size)
        else:
            own = grouping.sizes[first:last]
            place = np.arange(int(own.max()))
            cells = np.where(place < own[:, None], (starts[first:last] - begin)[:, None] + place, end - begin)
        yield begin, end, cells
        first = last


def _laid_out(block: Array, cells: NDArray[np.intp]) -> Array:
    """Return a block's rows in groups of equal lengths, zero where a group is shorter."""
    if cells.size == len(block):
        return block
    return np.concatenate((block, np.zeros((1, block.shape[1]))))[cells.ravel()]
