"""Reading one series for a test, and the choices that its tests share."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from panelvar.base.arguments import read_labels
from panelvar.base.arrays import Array
from panelvar.base.errors import DataError, InsufficientDataError, Note, NumericalError, SpecificationError, choose
from panelvar.data.panel import Panel
from panelvar.data.series import read_var_data
from panelvar.unit_roots.regressions import Regression

POWERS = {"n": 0, "c": 1, "ct": 2, "ctt": 3}
"""Deterministic columns of each trend."""


def one_series(data: Any, column: Hashable | None) -> tuple[Array, str, tuple[Note, ...]]:
    """Values of one series in time order without gaps, its name, and notes."""
    if hasattr(data, "to_frame") and not hasattr(data, "columns"):
        data = data.to_frame(data.name if data.name is not None else "y")
    elif not isinstance(data, Panel) and not hasattr(data, "columns"):
        values = np.asarray(data)
        data = values[:, None] if values.ndim == 1 else values
    names = None if column is None else read_labels("column", [column], "the name of one")
    table = read_var_data(data, names)
    if len(table.names) != 1:
        raise SpecificationError(
            f"The data have columns {list(table.names)}: name one with column=, or use unit_root_table for all."
        )
    values = stretch(table.values[:, 0], table.names[0])
    return values, table.names[0], (*table.notes, *ends_note(repr(table.names[0]), len(table.values), len(values)))


def ends_note(what: str, periods: int, used: int) -> tuple[Note, ...]:
    """Say how many periods were cut off the ends for missing values."""
    if used == periods:
        return ()
    text = f"{what} missing in {periods - used} of {periods} periods, at the ends: they are left out."
    return (Note("ends-missing", text),)


def stretch(values: Array, name: str) -> Array:
    """Cut missing values off the ends and refuse those inside."""
    known = np.flatnonzero(~np.isnan(values))
    if known.size == 0:
        raise DataError(f"{name!r} has no values.")
    inside = values[known[0] : known[-1] + 1]
    holes = int(np.isnan(inside).sum())
    if holes:
        raise DataError(
            f"{name!r} has {holes} missing value(s) or absent period(s) between its first and last: the tests need "
            "consecutive periods. Select a stretch without gaps."
        )
    largest = np.abs(inside).max()
    if largest and not 1e-150 < largest < 1e150:
        raise NumericalError(
            f"Squares of {name!r} leave the range of floating-point numbers: rescale it, say by a power of ten."
        )
    # One series has one unit: all that is compared here and below is in it.
    if np.ptp(inside) <= 1e-14 * largest:
        raise DataError(f"{name!r} does not vary: {inside[0]:g} in all {inside.size} periods.")
    return np.ascontiguousarray(inside)


def check_trend(trend: str, allowed: tuple[str, ...] = ("n", "c", "ct", "ctt")) -> str:
    """Return a trend option, or say what was meant."""
    return choose("trend", trend, allowed)


def not_exact(found: Regression, name: str) -> Regression:
    """Refuse residuals that are rounding noise, or return the regression."""
    if found.exact:
        raise NumericalError(
            f"{name!r} follows its regression exactly (a deterministic series): there is nothing to test."
        )
    return found


def varying(left: Array, values: Array, name: str) -> Array:
    """Refuse what is left of a series by its terms if that is rounding noise, or return it."""
    if np.abs(left).max() <= 1e-13 * np.abs(values).max():
        raise NumericalError(f"{name!r} is a deterministic trend: nothing is left to test.")
    return left


def enough(rows: int, regressors: int, name: str) -> None:
    """Refuse a regression without degrees of freedom."""
    if rows - regressors < 2:
        raise InsufficientDataError(
            f"{name!r} leaves {max(rows, 0)} rows for {regressors} regressors: at least {regressors + 2} are needed. "
            "Use fewer lags."
        )
