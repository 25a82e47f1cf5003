"""The projection on two effects and the R factor of what it leaves, from one reading of the columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.kernels.absorption.level_system import LevelSystem
from panelvar.kernels.linear.columns import Column
from panelvar.kernels.linear.demeaned import middle, products_about, read_whole, rows_together
from panelvar.kernels.linear.qr import triangle_of


def project_in_one_reading(columns: Sequence[Column], system: LevelSystem) -> tuple[Array, Array, Array] | None:
    r"""Return the tables of both effects and the R factor of the projected columns.

    About one number a column, :math:`S_1` and :math:`S_2` are the sums over the levels of the larger and of the smaller
    effect, :math:`r = S_2 - N' W_1^{-1} S_1` and b the table of the smaller (`LevelSystem.solve`). The projected
    columns have the columns' cross products less :math:`S_1' W_1^{-1} S_1 + r'b`.

    Parameters
    ----------
    columns : sequence of k (n,) arrays
    system : LevelSystem

    Returns
    -------
    large (G_1, k), small (G_2, k), triangle (k, k)
        None instead of all three where levels of the larger effect do not stand together, those of the smaller are
        many, or the differences would lose digits.
    """
    large, small, weights = system.large, system.small, system.weights
    if not read_whole(large, len(columns)) or small.n_groups > rows_together(len(columns)):
        return None
    origin = middle(columns)
    sums = np.zeros((small.n_groups, len(columns)), order="F")
    found = products_about(
        columns, origin, large, weights, each=lambda lines, start, stop: small.add_sums(lines.T, start, stop, sums)
    )
    if found is None:
        return None
    means, whole, between = found
    rest = sums - system.cross.T @ means
    table = system.solve(rest, means)
    triangle = triangle_of(whole - between - rest.T @ table, np.diagonal(whole))
    if triangle is None:
        return None
    means -= system.average_small(table)
    means += origin
    return means, table, triangle
