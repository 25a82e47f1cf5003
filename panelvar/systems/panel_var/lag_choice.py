"""The choice of the lag order of vector autoregressions, of one series or of a panel: `select_lags`."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy.typing as npt

from panelvar.core.base.arguments import DROP_OR_RAISE, read_flag
from panelvar.core.base.errors import Note, SpecificationError, choose, emit
from panelvar.core.base.shared_parameters import documented
from panelvar.data.formulas.design import dated_panel
from panelvar.data.panel.panel import Panel
from panelvar.systems.panel_var.blocks import block_of
from panelvar.systems.panel_var.rows import PanelVarRows, SystemRows, read_system, select_rows
from panelvar.systems.var.lag_selection import LagSelection
from panelvar.systems.var.var import compare_lags, compare_orders, longest_order, shortest_order, specification
from panelvar.systems.var.var_convention import VarConvention, var_convention

if TYPE_CHECKING:
    import pandas as pd


@documented
def select_lags(
    data: pd.DataFrame | npt.ArrayLike | Panel,
    columns: Sequence[Hashable] | None = None,
    *,
    max_lags: int | None = None,
    trend: str = "c",
    min_lags: int | None = None,
    seasons: int = 0,
    exogenous: Sequence[str] | pd.DataFrame | pd.Series | npt.ArrayLike | None = None,
    exogenous_lags: int = 0,
    time_effects: bool = False,
    missing: str = "drop",
    convention: str | VarConvention = "default",
) -> LagSelection:
    r"""Compare lag orders by information criteria, all on the rows the longest order can use.

    One triangular factor of the longest model holds the residual covariances of all shorter ones. A warning says so if
    there are fewer rows than twice the coefficients of the longest order's equations: criteria then favour long orders.

    Parameters
    ----------
    {data (system), columns (system)}
    max_lags : int, optional
        Longest order. By default the integer part of :math:`12 (T / 100)^{1/4}`, or fewer where rows do not suffice; of
        a panel with T rows an entity at most T / 4.
    {trend (system), min_lags (system), seasons, exogenous, exogenous_lags}
    time_effects : bool
        Of a panel: give each period an effect that all entities share.
    {missing (system), convention (system)}

    Returns
    -------
    LagSelection
        The criteria of every order, and the order that each one chooses.

    Raises
    ------
    DataError, InsufficientDataError, CollinearityError
        As `fit_var`, of the longest order.

    See Also
    --------
    fit_var : ``fit_var(data, lags="bic")`` selects and fits in one call.
    fit_panel_var : so does ``fit_panel_var(data, columns, lags="bic")``.
    VarResult.lag_exclusion_tests : Wald tests of each lag of a fitted system.

    Notes
    -----
    Of a panel they are the criteria of least squares with entity effects (which have no ``trend``, ``seasons`` or
    ``min_lags``), n the rows of all entities together:
    :math:`\ln|\tilde\Sigma_p| + c_n K (N + pK) / n` with :math:`c_n = 2, \ln n, 2 \ln\ln n`. The bias of least squares
    makes longer orders look better than they are, the more entities there are beside periods. In 60 samples of a system
    with one lag and orders 1 to 4, BIC found the one lag in 60 with 50 entities and 20 periods, in 31 with 200 and 20,
    in 60 with 200 and 40; AIC in 8, 0 and 1. A warning says so where entities outnumber an entity's rows. Moments have
    criteria without it, ``fit_panel_var(data, columns, lags=4, method="gmm").lag_selection()``.

    References
    ----------
    Luetkepohl (2005), chapter 4.

    Examples
    --------
    >>> import panelvar as pv
    >>> macro = pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]]
    >>> selection = pv.select_lags(macro, max_lags=6)
    >>> selection.selected
    {'aic': 6, 'bic': 2, 'hqic': 3, 'fpe': 6}
    >>> selection.table["bic"].round(3).head(3)
    lags
    1   -0.719
    2   -1.382
    3   -1.307
    Name: bic, dtype: float64
    """
    rules = var_convention(convention)
    choose("missing", missing, DROP_OR_RAISE)
    panel = entities_of(data)
    if panel is not None:
        _refuse_of_panels(trend, seasons, min_lags)
        names = _columns_of(panel, columns, exogenous)
        longest = longest_of(panel, max_lags)
        system = read_system(panel.calendar.n_positions, names, longest, exogenous, exogenous_lags, "n")
        found = select_rows(panel, system, missing)
        selection = compare_rows(found, effects=True, time_effects=read_flag("time_effects", time_effects), rules=rules)
        emit(selection.notes)
        return selection
    if read_flag("time_effects", time_effects):
        raise SpecificationError("time_effects= is for panels, and the data are of one entity. Use trend= or seasons=.")
    table, terms = specification(data, columns, trend, seasons, exogenous, exogenous_lags)
    selection = compare_lags(table, max_lags, terms, shortest_order(terms, rules, min_lags), missing, rules)
    emit(selection.notes)
    return selection


def entities_of(data: object) -> Panel | None:
    """The panel of data that have several entities; None if they are one series."""
    if isinstance(data, Panel):
        return data if data.n_entities > 1 else None
    return dated_panel(data) if getattr(getattr(data, "index", None), "nlevels", 1) == 2 else None


def _refuse_of_panels(trend: object, seasons: object, min_lags: object) -> None:
    # Of tables and arrays neither equality nor truth is one answer.
    unasked = {
        "trend": isinstance(trend, str) and trend == "c",
        "seasons": isinstance(seasons, int) and seasons == 0,
        "min_lags": min_lags is None,
    }
    for option, default in unasked.items():
        if not default:
            raise SpecificationError(
                f"{option}= is for one series. In a panel entities have effects, which stand for the constant, and "
                "orders are compared from 1 on."
            )


def _columns_of(panel: Panel, columns: object, exogenous: object) -> object:
    """The variables named, or all columns but the exogenous ones."""
    if columns is not None:
        return columns
    beside = [exogenous] if isinstance(exogenous, str) else list(exogenous or ())  # type: ignore[call-overload]
    own = (panel.entity_name, panel.time_name, *beside)
    return [name for name in panel.names if name not in own]


def longest_of(panel: Panel, max_lags: int | None) -> int:
    """Longest order compared: as asked, or 12 (T / 100)^(1/4) and at most T / 4 with T rows an entity."""
    periods = panel.nobs / panel.n_entities
    most = max(1, min(int(12.0 * (periods / 100.0) ** 0.25), int(periods) // 4))
    return most if max_lags is None else longest_order(max_lags, 1)


def compare_shorter(rows: SystemRows, *, effects: bool, time_effects: bool) -> LagSelection:
    """Criteria of orders up to that of a model's rows.

    Raises
    ------
    SpecificationError
        They have one lag, or are those of a stream.
    """
    if not isinstance(rows, PanelVarRows):
        raise SpecificationError("A stream keeps no rows to compare orders on. Fit the panel in memory.")
    if rows.lags < 2:
        raise SpecificationError(
            "The model has one lag, so there is nothing to choose. Fit it with the largest number of lags that you "
            "consider, say lags=4."
        )
    selection = compare_rows(rows, effects=effects, time_effects=time_effects, rules=var_convention("default"))
    emit(selection.notes[len(rows.notes) :])
    return selection


def compare_rows(rows: PanelVarRows, *, effects: bool, time_effects: bool, rules: VarConvention) -> LagSelection:
    """Criteria of orders from 1 to that of the rows, all of them on these rows, by least squares."""
    block = block_of(rows, effects=effects, time_effects=time_effects)
    notes: tuple[Note, ...] = rows.notes
    if effects and rows.n_entities > rows.average_periods:
        text = (
            f"With {rows.n_entities} entities of {rows.average_periods:.4g} rows, the bias of least squares with "
            "entity effects (Nickell 1981) makes long orders look good, to AIC most and to BIC least. Criteria of "
            f"moments are free of it: fit_panel_var(..., lags={max(rows.lags, 2)}, method='gmm').lag_selection()."
        )
        notes = (*notes, Note("nickell-bias", text, warn=True))
    scatter, absorbed = block.problem.scatter_factors_by_order()[1:], rows.n_entities * effects + block.n_dummies
    found = compare_orders(scatter, 1, rows.nobs, rows.terms, rules, notes, absorbed=absorbed)
    words = [word for word, there in (("entity", effects), ("time", time_effects)) if there]
    return replace(found, effects=" and ".join(words))
