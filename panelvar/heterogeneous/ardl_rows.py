r"""The rows of an ARDL in error-correction form, lags taken on the full calendar.

.. math:: \Delta y_{it} = \phi_i (y_{i,t-1} - \theta_i'x_{it}) + \sum_{j=1}^{p-1}\lambda_{ij}\Delta y_{i,t-j}
          + \sum_{j=0}^{q-1}\delta_{ij}'\Delta x_{i,t-j} + \mu_i + \varepsilon_{it}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from panelvar.base.arguments import read_flag, read_names, refuse_beyond
from panelvar.base.arrays import Array
from panelvar.base.errors import Note, SpecificationError
from panelvar.data.design import Design, build_design
from panelvar.data.panel import Panel
from panelvar.heterogeneous.lag_orders import Orders
from panelvar.heterogeneous.unit_fits import TREND

SPEED = "ec"
"""Label of the speed of error correction in every result."""


def difference_name(name: str, lag: int = 0) -> str:
    """Label of a lagged difference, as a formula would write it."""
    return f"D({name})" if lag == 0 else f"L(D({name}))" if lag == 1 else f"L(D({name}), {lag})"


@dataclass(frozen=True, eq=False)
class ArdlRows:
    """Levels of a model, from which the rows of any orders follow.

    Attributes
    ----------
    source : Design
        The complete rows before any lag: dependent variable, long-run regressors, further short-run regressors.
    y, x, extra : (n,) array, tuples of (n,) arrays
        The same over all rows of the panel.
    long_run, short_run : tuple of str
        Names of the long-run regressors and of those that enter the short run alone.
    trend : bool
    """

    source: Design
    y: Array
    x: tuple[Array, ...]
    extra: tuple[Array, ...]
    long_run: tuple[str, ...]
    short_run: tuple[str, ...]
    trend: bool

    @property
    def lagged(self) -> str:
        """Label of the lagged dependent variable."""
        return f"L({self.source.dependent})"

    def short_names(self, orders: Orders) -> tuple[str, ...]:
        """Labels of the short-run regressors, the constant aside."""
        names = [difference_name(self.source.dependent, lag) for lag in range(1, orders.y)]
        for name, q in zip(self.long_run, orders.x, strict=True):
            names += [difference_name(name, lag) for lag in range(q)]
        return (*names, *self.short_run, *((TREND,) if self.trend else ()))

    def refuse_beyond(self, option: str, orders: Orders) -> None:
        """Refuse orders whose lags no row of the panel has."""
        refuse_beyond(option, max(orders.y, *orders.x), self.source.panel.calendar.n_positions)

    def design(self, orders: Orders) -> Design:
        """Return the rows of an order: short-run regressors, levels, lagged y, and the difference explained."""
        panel = self.source.panel
        change = panel.difference(self.y)
        columns = [panel.lag(change, lag) for lag in range(1, orders.y)]
        for values, q in zip(self.x, orders.x, strict=True):
            step = panel.difference(values) if q else values
            columns += [panel.lag(step, lag) for lag in range(q)]
        columns += list(self.extra)
        if self.trend:
            columns.append(np.asarray(panel.time_positions + 1.0, dtype=np.float64))
        names = (*self.short_names(orders), *self.long_run, self.lagged)
        if len(set(names)) < len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise SpecificationError(f"{', '.join(map(repr, twice))} would stand in the model twice: rename it.")
        columns += [*self.x, panel.lag(self.y)]
        good = np.all([np.isfinite(column) for column in (change, *columns)], axis=0)
        if self.source.kept is not None:
            # A row that lacks a level of its own is out; its values still serve as lags of others.
            inside = np.zeros(panel.nobs, dtype=bool)
            inside[self.source.kept] = True
            good &= inside
        kept = np.flatnonzero(good)
        return replace(
            self.source,
            dependent=difference_name(self.source.dependent),
            names=names,
            y=change[kept],
            x=tuple(column[kept] for column in columns),
            kept=kept,
            notes=(),
            formula=None,
        )


def ardl_rows(
    data: object,
    y: str,
    x: Sequence[str] | str | None,
    *,
    short_run: Sequence[str] | str,
    constant: bool | None,
    trend: bool,
    missing: str,
) -> ArdlRows:
    """Read the model's levels.

    Raises
    ------
    SpecificationError
        No long-run regressor, a name used twice or reserved, a dependent variable that is a formula's function.
    DataError, InsufficientDataError
        As for `build_design`.
    """
    trend = read_flag("trend", trend)
    extra = read_names("short_run", short_run)
    if x is None and isinstance(y, str) and "~" in y:
        from panelvar.data.formula import parse

        first = build_design(data, y, None, constant=constant, missing=missing)
        panel, parsed = first.panel, parse(y, first.panel)
        dependent, outcome, names, columns = parsed.y_name, parsed.y, tuple(parsed.x_names), tuple(parsed.x)
        constant = first.constant
        panel = panel.with_columns(
            panel_order=True, **{dependent: np.array(outcome)}, **dict(zip(names, columns, strict=True))
        )
        source = build_design(panel, dependent, (*names, *extra), constant=constant, missing=missing)
    else:
        names = read_names("x", x)
        source = build_design(data, y, (*names, *extra) if x is not None else None, constant=constant, missing=missing)
        panel, dependent = source.panel, source.dependent
    if not names:
        raise SpecificationError("There is no long-run regressor: an error-correction form needs at least one in x.")
    for name in (*names, *extra):
        if name in (SPEED, *((TREND,) if trend else ())):
            raise SpecificationError(f"A regressor is called {name!r}, which the result uses: rename it.")
    return ArdlRows(
        source,
        panel.column(dependent),
        tuple(panel.column(name) for name in names),
        tuple(panel.column(name) for name in extra),
        names,
        extra,
        trend,
    )


def lost_rows(rows: ArdlRows, used: int) -> tuple[Note, ...]:
    """Say how many complete rows have no place in the regressions because their lags do not exist."""
    before = rows.source.nobs
    if used == before:
        return ()
    text = (
        f"{before - used} of {before} rows serve as lags only, or follow a gap in time, across which no lag is taken."
    )
    return (Note("rows-lost-to-lags", text),)


def panel_positions(design: Design) -> NDArray[np.intp]:
    """Positions of a design's rows in the sorted panel."""
    if design.kept is not None:
        return design.kept
    panel: Panel = design.panel
    return np.arange(panel.nobs, dtype=np.intp)
