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
        alike = _alike([fits[i] for i in chosen], [places[i] for i in chosen])
        chunks.append((chosen, SelectedRows(rows, outcomes), loadings, own, alike))
    x_rows = between(rows, 0, regressors)
    for start, stop, cells in _blocks(grouping):
        x = np.empty((stop - start, regressors + lead), order="F")
        x_rows.fill(start, stop, x[:, lead:])
        if lead:
            constant = rows.constant
            x[:, 0] = constant if constant is None or isinstance(constant, float) else constant[start:stop]
        every = _stacked(x, cells)
        for chosen, y_rows, loadings, own, alike in chunks:
            y = np.empty((stop - start, y_rows.n_columns), order="F")
            y_rows.fill(start, stop, y)
            residuals = x[:, lead:] @ loadings
            residuals += y[:, own]
            laid = _laid_out(residuals, cells).reshape(*cells.shape, len(chosen)).swapaxes(1, 2)
            first = chosen[0]
            # The rows of models alike are turned before they are summed, once for all.
            stacked = _stacked(_turned(x, fits[first], places[first], lead), cells) if alike else every
            # A model's sums lie together.
            sums = np.empty((len(chosen), len(cells), stacked.shape[2]))
            np.matmul(laid, stacked, out=sums.swapaxes(0, 1))
            if alike:
                for i, meat in zip(chosen, np.matmul(sums.swapaxes(1, 2), sums), strict=True):
                    meats[i] += meat
                continue
            for j, i in enumerate(chosen):
                turned = _turned(sums[j], fits[i], places[i], lead)
                meats[i] += turned.T @ turned
    return meats


def _stacked(block: Array, cells: NDArray[np.intp]) -> Array:
    """Return the columns (G, length, k) of a block's rows by group."""
    return _laid_out(block, cells).T.reshape(block.shape[1], *cells.shape).transpose(1, 2, 0)


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
