"""Solutions of many outcomes of the same regressors: one factor of the regressors, all else a column an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.scaling import NEAR_ONE
from panelvar.kernels.linear.qr import MOST_INFLATION, Solution, solve, triangle_of
from panelvar.panels.batches.shared_rows import SharedProducts
from panelvar.panels.batches.stacked_models import ordinary


class Solved(NamedTuple):
    """A model solved beside others of the same regressors.

    Attributes
    ----------
    triangle : (k + 1, k + 1) array
        R factor of its columns.
    solution : Solution
    tss : float
        Sum of squares of the outcome.
    """

    triangle: Array
    solution: Solution
    tss: float


def outcomes_of_one_basis(
    products: SharedProducts,
    regressors: Positions,
    outcomes: Sequence[int],
    raw_norms: Array,
    centre: Array | None,
) -> list[Solved | None]:
    """Solve models that differ in their outcomes alone; None where something is out of the ordinary.

    Parameters
    ----------
    products : SharedProducts
    regressors : (k,) array
        Places of the regressors.
    outcomes : sequence of int
        Places of the outcomes.
    raw_norms, centre : (columns,) arrays
        Sizes before the transform, and means (None without a constant), of all columns.
    """
    k, places = len(regressors), np.array(outcomes)
    r = triangle_of(products.cross[regressors[:, None], regressors])
    nothing: list[Solved | None] = [None] * len(places)
    if r is None:
        return nothing
    # In the basis that makes the regressors orthonormal; a column an outcome.
    loadings = np.linalg.solve(r.T, products.cross[regressors[:, None], places])
    squares = products.squares[places]
    with np.errstate(invalid="ignore", over="ignore"):
        rss = squares - np.square(loadings).sum(axis=0)
    raw = np.column_stack((np.broadcast_to(raw_norms[regressors], (len(places), k)), raw_norms[places]))
    fine = (rss > 0.0) & ((raw > NEAR_ONE[0]) & (raw < NEAR_ONE[1])).all(axis=1)
    rss = np.where(fine, rss, 1.0)
    triangles = np.zeros((len(places), k + 1, k + 1))
    # Column-major each, as those of one model are.
    triangles = triangles.swapaxes(1, 2)
    triangles[:, :k, :k], triangles[:, :k, k], triangles[:, k, k] = r, loadings.T, np.sqrt(rss)
    first = solve(triangles[0], raw_norms[regressors])
    if first.dropped:
        return nothing
    inverse = first.inverse_r
    slopes = np.ascontiguousarray((inverse @ loadings).T)
    fine &= _factored_well(r, inverse, loadings, squares, rss)
    centres = None
    if centre is not None:
        centres = np.column_stack((np.broadcast_to(centre[regressors], (len(places), k)), centre[places]))
    each = (len(places), k, k)
    with np.errstate(all="ignore"):
        fine &= ordinary(
            slopes, np.broadcast_to(r, each), np.broadcast_to(inverse, each), centres, raw, rss, squares
        )  # fmt: skip
    return [
        Solved(triangle, first._replace(coefficients=own, rss=left), total) if good else None
        for triangle, own, left, total, good in zip(
            triangles, slopes, rss.tolist(), squares.tolist(), fine.tolist(), strict=True
        )
    ]


def _factored_well(r: Array, inverse: Array, loadings: Array, squares: Array, rss: Array) -> Mask:
    """Whether products of regressors and an outcome may be factored (`panelvar.kernels.linear.qr.triangle_of`)."""
    lengths = np.sqrt(np.square(r).sum(axis=0))
    scaled = lengths[:, None] * inverse
    own = np.square(scaled).sum() + (np.square(scaled @ loadings).sum(axis=0) + squares) / rss
    return np.asarray(own <= MOST_INFLATION)
