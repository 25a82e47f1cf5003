"""One variable of the data by its name, or as a formula would write it: ``"log(x)"``."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import DataError, SpecificationError
from panelvar.data.formulas.categories import Categories
from panelvar.data.formulas.factors import Factor, Factors, NumericColumns
from panelvar.data.panel.panel import Panel
from panelvar.kernels.linear.columns import whole


def variable(panel: Panel, name: Hashable) -> Array:
    """Return a column, or an expression of columns that a formula may hold, in the panel's order; shape (n,).

    Raises
    ------
    DataError, SpecificationError
        If a column is unknown or not numeric, or the expression cannot be computed, or makes several columns.
    """
    if not isinstance(name, str) or name in panel or "(" not in name:
        return panel.column(name)
    found = Factors(panel)[Factor(name, False)]
    if isinstance(found, Categories):
        raise DataError(f"{name!r} is a category, and a variable must be numeric here.")
    if isinstance(found, NumericColumns):
        raise SpecificationError(f"{name!r} makes {len(found.marks)} columns, and one variable is meant here.")
    return np.broadcast_to(whole(found), panel.nobs).astype(np.float64)
