"""Dickey-Fuller regressions of every entity of a panel, the lags of each chosen by itself."""

from __future__ import annotations

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import CollinearityError, InsufficientDataError, NumericalError, PanelVarError, choose
from panelvar.kernels.linear.unit_regressions import DEPENDENT, SHORT
from panelvar.nonstationary.panel_series.panel_series import PanelSeries
from panelvar.nonstationary.unit_roots.dickey_fuller import ROWS
from panelvar.nonstationary.unit_roots.lag_orders import (
    SHORTER,
    LagChoice,
    LagOrders,
    choose_regressions,
    lag_orders,
    read_lags,
)
from panelvar.nonstationary.unit_roots.one_series import POWERS
from panelvar.nonstationary.unit_roots.regressions import (
    APART,
    EXACT,
    FEWEST_DF,
    LaggedDifferences,
    LevelRegressions,
    alike,
    by_length,
    factor_columns,
    join_groups,
    lagged_differences,
    level_regressions,
)

_TWO_SIDED = 1.959963984540054
REASONS: dict[int, tuple[type[PanelVarError], str]] = {
    SHORT: (InsufficientDataError, "has too few periods for the lags and terms"),
    DEPENDENT: (CollinearityError, "is a combination of its lags and terms (a deterministic series, say)"),
    EXACT: (NumericalError, "follows its regression exactly"),
    APART: (NumericalError, "has changes and levels of sizes too far apart"),
}
"""Why an entity has no test, by status."""


def lags_in_words(lags: Positions, rule: str) -> str:
    """The lags of N entities, and how they were chosen."""
    low, high = int(lags.min()), int(lags.max())
    text = f"{low}" if low == high else f"{low} to {high}, {lags.mean():.2g} on average"
    return text if rule == "given" else f"{text} ({rule})"


def entity_regressions(
    series: PanelSeries,
    trend: str,
    lags: int | str,
    limits: tuple[int, int | None],
    rows: str,
    convention: str,
    averages: Array | None = None,
) -> tuple[LevelRegressions, str]:
    """Regressions entity by entity, those of one length together, and the rule for their lags in words.

    If averages (T,) over the entities of a balanced panel are given, or those (N, T) of the panel that each entity is
    in, each regression also has their lagged level, their change and its lags.

    Under the convention ``"plm"`` a lag stays by the rule ``"t-stat"`` if its ratio, with the error variance over the
    rows, reaches 1.96.

    Raises
    ------
    InsufficientDataError, CollinearityError, NumericalError
        An entity has no test. The message names it.
    """
    groups = list(by_length(series.values))
    found = [stack_regressions(stack, trend, lags, limits, rows, convention, averages=averages) for _, stack in groups]
    regressions = join_groups([places for places, _ in groups], [each for each, _ in found])
    series.refuse_untested(regressions.status, REASONS)
    return regressions, found[-1][1]


def stack_regressions(
    stack: Array,
    trend: str,
    lags: int | str,
    limits: tuple[int, int | None],
    rows: str,
    convention: str,
    *,
    residuals: bool = False,
    averages: Array | None = None,
) -> tuple[LevelRegressions, str]:
    """Regressions of series of one length (N, T), whatever their status, and the rule for their lags in words."""
    choose("rows", rows, ROWS)
    extra = beside = None
    if averages is not None:
        # Nothing is read of period 0, which has no predecessor.
        before, changes = np.roll(averages, 1, axis=-1), np.diff(averages, prepend=averages[..., :1])
        # Levels and changes are among the terms; changes are lagged with an entity's, besides.
        extra, beside = np.stack([before, changes], axis=-1), changes[..., None]
    powers = POWERS[trend]
    terms, step = (powers, 1) if extra is None else (powers + extra.shape[-1], 2)
    choice = read_lags(lags, limits, stack.shape[1], terms, step, SHORTER)
    columns = lagged_differences(stack, powers, extra, beside)
    common = rows == "common"
    count, width = columns.shape(choice.longest)
    if convention == "plm" and choice.rule == "t-stat" and count - width + 1 >= FEWEST_DF:
        compared = lag_orders(columns, choice.longest)
        # The residual variance of plm divides by rows.
        significant = _TWO_SIDED * np.sqrt(1.0 - compared.counts / compared.nobs)
        orders = compared.chosen(choice.rule, choice.shortest, significant)
        lost = choice.longest if common else 0
        return level_regressions(columns, orders, lost=lost, residuals=residuals), choice.words
    return choose_regressions(columns, choice, common=common, residuals=residuals), choice.words


def orders_of_changes(columns: LaggedDifferences, choice: LagChoice) -> Positions:
    """How many lags of itself each series' change (N,) has, beside the terms: as given, or by a rule on common rows."""
    if choice.rule == "given":
        return np.full(len(columns.levels), choice.longest, dtype=np.intp)
    rows = columns.shape(choice.longest)[0]
    with_level, _ = factor_columns(columns, choice.longest, rows, level_last=True)
    # What the level would explain is left unexplained.
    left = np.hypot(with_level[:, -2, -1], with_level[:, -1, -1])
    triangles = np.delete(with_level[:, :-1], -2, axis=2)
    triangles[:, -1, -1] = left
    compared = LagOrders(triangles, columns.exponents, rows, columns.terms.shape[-2], columns.step)
    return compared.chosen(choice.rule, choice.shortest)


def prewhiten(values: Array, orders: Positions, trend: str) -> tuple[Array, Array]:
    """First levels (N,) and changes (N, n) of series without their lags, so many of each, on common periods."""
    longest = int(orders.max())
    changes = np.diff(values, axis=1)
    starts, left = values[:, longest].copy(), changes[:, longest:].copy()
    columns = lagged_differences(values, 1 if trend == "ct" else 0)
    for order, units in alike(orders):
        if order == 0:
            continue
        some = columns.take(units)
        triangles, _ = factor_columns(some, order, some.shape(order)[0], level_last=True)
        known = triangles.shape[-1] - 2
        weights = np.linalg.solve(triangles[:, :known, :known], triangles[:, :known, -1:])[:, -order:]
        for lag in range(1, order + 1):
            starts[units] -= weights[:, lag - 1, 0] * values[units, longest - lag]
            left[units] -= weights[:, lag - 1] * changes[units, longest - lag : changes.shape[1] - lag]
    return starts, left
