r"""The rows of an ARDL(p, q1, ..., qk) in error-correction form, lags taken on the full calendar.

.. math:: \Delta y_{it} = \phi_i (y_{i,t-1} - \theta_i'x_{it}) + \sum_{j=1}^{p-1}\lambda_{ij}\Delta y_{i,t-j}
          + \sum_{j=0}^{q-1}\delta_{ij}'\Delta x_{i,t-j} + \mu_i + \varepsilon_{it}

The orders may be written in several ways, or a criterion chooses them among all up to the largest.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import is_whole, read_flag, read_names, refuse_beyond
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of, grouped
from panelvar.core.base.errors import InsufficientDataError, Note, SpecificationError
from panelvar.core.base.labels import repeated
from panelvar.core.base.quoting import shown
from panelvar.data.formulas.design import Design, build_design
from panelvar.kernels.dynamics.criteria import penalty
from panelvar.panels.heterogeneous.unit_fits import TREND

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
    long_run, short_run : tuple of str
        Names of the long-run regressors and of those that enter the short run alone.
    trend : bool
    """

    source: Design
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
        """Return the rows of an order: short-run regressors, levels, lagged y, and the difference explained.

        Raises
        ------
        InsufficientDataError
            No entity has the consecutive periods that the order takes.
        """
        panel = self.source.panel
        y, levels = panel.column(self.source.dependent), [panel.column(name) for name in self.long_run]
        change = panel.difference(y)
        columns = [panel.lag(change, lag) for lag in range(1, orders.y)]
        for values, q in zip(levels, orders.x, strict=True):
            step = panel.difference(values) if q else values
            columns += [panel.lag(step, lag) for lag in range(q)]
        columns += [panel.column(name) for name in self.short_run]
        if self.trend:
            columns.append(np.asarray(panel.time_positions + 1.0, dtype=np.float64))
        names = (*self.short_names(orders), *self.long_run, self.lagged)
        if twice := repeated(names):
            raise SpecificationError(f"{', '.join(map(repr, twice))} would be in the model twice. Rename it.")
        columns += [*levels, panel.lag(y)]
        good = np.all([np.isfinite(column) for column in (change, *columns)], axis=0)
        if self.source.kept is not None:
            # A row that lacks one of its own levels is left out, but its values still serve as lags of other rows.
            inside = np.zeros(panel.nobs, dtype=bool)
            inside[self.source.kept] = True
            good &= inside
        kept = np.flatnonzero(good)
        if not len(kept):
            raise InsufficientDataError(
                f"None of the {count_of(self.source.nobs, 'row')} is left, because no entity has the consecutive "
                f"periods that {orders} takes."
            )
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
    """Read the model's levels."""
    trend = read_flag("trend", trend)
    extra = read_names("short_run", short_run)
    if x is None and isinstance(y, str) and "~" in y:
        from panelvar.data.formulas.formula import parse

        first = build_design(data, y, None, constant=constant, missing=missing)
        parsed = parse(y, first.panel)
        dependent, names = parsed.y_name, tuple(parsed.x_names)
        panel = first.panel.with_columns(panel_order=True, **dict(zip((*names, dependent), parsed.arrays, strict=True)))
        source = build_design(panel, dependent, (*names, *extra), constant=first.constant, missing=missing)
    else:
        names = read_names("x", x)
        source = build_design(data, y, (*names, *extra) if x is not None else None, constant=constant, missing=missing)
    if not names:
        raise SpecificationError("x names no long-run regressor, and an error-correction form needs at least one.")
    for name in (*names, *extra):
        if name in (SPEED, *((TREND,) if trend else ())):
            raise SpecificationError(f"A regressor is called {name!r}, a name that the result itself uses. Rename it.")
    return ArdlRows(source, names, extra, trend)


def lost_rows(rows: ArdlRows, used: int) -> tuple[Note, ...]:
    """Say how many complete rows are left out of the regressions because their lags do not exist."""
    before = rows.source.nobs
    if used == before:
        return ()
    text = (
        f"{grouped(before - used)} of {grouped(before)} rows are not in the regression. They only serve as lags, or "
        "they follow a gap in time, which lags do not bridge."
    )
    return (Note("rows-lost-to-lags", text),)


def panel_positions(design: Design) -> NDArray[np.intp]:
    """Positions of a design's rows in the sorted panel."""
    return np.arange(design.panel.nobs, dtype=np.intp) if design.kept is None else design.kept


_MOST_ORDERS = 5000
_FORMS = (
    "lags is one number for all variables, (p, q), (p, q1, ..., qk), a mapping of names to numbers, or a criterion "
    "('aic', 'bic', 'hqic')"
)


@dataclass(frozen=True)
class Orders:
    """Lags of the dependent variable (1 or more) and of each long-run regressor (0 or more)."""

    y: int
    x: tuple[int, ...]

    def __str__(self) -> str:
        return f"ARDL({', '.join(map(str, (self.y, *self.x)))})"


Lags = int | str | Sequence[int] | Mapping[str, int]


def read_orders(option: str, lags: object, dependent: str, regressors: tuple[str, ...]) -> Orders:
    """Read orders in any of the ways they may be written."""
    k = len(regressors)
    if isinstance(lags, Mapping):
        stranger = [name for name in lags if name not in (dependent, *regressors)]
        if stranger:
            raise SpecificationError(
                f"{option} names {', '.join(map(repr, stranger))}; the model has {dependent!r} and "
                f"{', '.join(map(repr, regressors))}."
            )
        absent = [name for name in (dependent, *regressors) if name not in lags]
        if absent:
            raise SpecificationError(
                f"{option} does not name {', '.join(map(repr, absent))}. Give a number of lags for every variable."
            )
        values = [_whole(option, lags[name]) for name in (dependent, *regressors)]
    elif isinstance(lags, (list, tuple)):
        given = [_whole(option, value) for value in lags]
        if len(given) == 2 and k != 1:
            given = [given[0], *[given[1]] * k]
        if len(given) != k + 1:
            raise SpecificationError(
                f"{option}={shown(lags)} has {count_of(len(given), 'number')} for {dependent!r} and "
                f"{count_of(k, 'long-run regressor')}. Give (p, q), or p and one q for each of "
                f"{', '.join(map(repr, regressors))}."
            )
        values = given
    else:
        values = [_whole(option, lags)] * (k + 1)
    if values[0] < 1:
        raise SpecificationError(
            f"{option}={shown(lags)} gives {dependent!r} {count_of(values[0], 'lag')}, but an error-correction form "
            "needs at least one."
        )
    return Orders(values[0], tuple(values[1:]))


def _whole(option: str, value: object) -> int:
    if not is_whole(value):
        raise SpecificationError(f"{option} has {shown(value)}, but {_FORMS}.")
    if value < 0:
        raise SpecificationError(f"{option} has {shown(value)}, but a number of lags is 0 or more.")
    return int(value)


def grid(most: Orders) -> list[Orders]:
    """All orders up to ``most``, the fewest lags first."""
    count = most.y * int(np.prod([q + 1.0 for q in most.x]))
    if count > _MOST_ORDERS:
        raise SpecificationError(
            f"max_lags={most} leaves {count} orders to compare, and the limit is {_MOST_ORDERS}. Give fewer lags or "
            "fewer regressors."
        )
    ranges = [range(1, most.y + 1), *(range(q + 1) for q in most.x)]
    every = [Orders(combination[0], tuple(combination[1:])) for combination in itertools.product(*ranges)]
    return sorted(every, key=lambda orders: orders.y + sum(orders.x))


def criterion_values(criterion: str, rss: Array, rows: Array, parameters: int) -> Array:
    r"""Return :math:`T_i\log(RSS_i/T_i)` plus the penalty of the parameters, by entity.

    The penalty of each is 2 (aic), :math:`\log T_i` (bic) or :math:`2\log\log T_i` (hqic).
    """
    with np.errstate(divide="ignore"):
        return np.asarray(rows * np.log(rss / rows) + penalty(criterion, rows) * parameters, dtype=np.float64)
