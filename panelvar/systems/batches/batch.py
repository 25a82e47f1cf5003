"""Many vector autoregressions in one call: one for each entity of a panel, or each data set of an array."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy.typing as npt

from panelvar.core.base.shared_parameters import documented
from panelvar.data.formulas.design import dated_panel
from panelvar.data.panel.panel import Panel
from panelvar.systems.batches.batch_result import VarBatch
from panelvar.systems.batches.data_sets import data_sets
from panelvar.systems.batches.entities import entities_of
from panelvar.systems.batches.member_fits import fit_members, label_batch, read_orders
from panelvar.systems.var.var import check_terms
from panelvar.systems.var.var_convention import VarConvention, var_convention

if TYPE_CHECKING:
    import pandas as pd


@documented
def fit_var_batch(
    data: Panel | pd.DataFrame | npt.ArrayLike,
    columns: Sequence[Hashable] | None = None,
    *,
    lags: int | str = 1,
    max_lags: int | None = None,
    min_lags: int | None = None,
    trend: str = "c",
    seasons: int = 0,
    exogenous: Sequence[str] | npt.ArrayLike | None = None,
    exogenous_lags: int = 0,
    convention: str | VarConvention = "default",
) -> VarBatch:
    r"""Estimate a vector autoregression for every entity of a panel, or every data set of an array, at once.

    Each member is what `fit_var` estimates from its rows alone; no parameter is shared.

    Parameters
    ----------
    data : Panel, DataFrame with a two-level (entity, time) index, or array (B, T, K)
        An array holds B data sets, such as simulated ones.
    columns : sequence, optional
        Columns to use, in this order; for an array, the names of its variables.
    {lags (batch), max_lags (system), min_lags (system)}
    trend : {"n", "c", "t", "ct", "ctt"}
        Deterministic terms; the trend is 1 in a member's first period.
    {seasons}
        The first period of each member is of season 1.
    exogenous : sequence of column names, or array (T, M) or (B, T, M), optional
        Columns of the panel; for an array of data sets, exogenous variables of all of them or of each.
    {exogenous_lags, convention (system)}

    Returns
    -------
    VarBatch

    Raises
    ------
    DataError
        If an array has values that are not finite, or a panel has infinite values.
    InsufficientDataError
        If no member can be estimated.
    SpecificationError
        If a DataFrame does not say which rows belong to which entity.

    See Also
    --------
    fit_var : one system.
    fit_rolling_var : one system in many windows.
    fit_panel_var : one system that all entities share.

    Notes
    -----
    Lags never bridge a gap, and rows with a missing value or lag are left out, with a warning that counts them. Members
    with too few rows, or collinear regressors, are left out with a warning that names them.

    Examples
    --------
    >>> import panelvar as pv
    >>> grunfeld = pv.load_data("grunfeld")
    >>> batch = pv.fit_var_batch(grunfeld, ["invest", "value"], lags=1)
    >>> batch.coefficients.shape, int(batch.is_stable.sum())
    ((11, 1, 2, 2), 8)
    """
    rules = var_convention(convention)
    check_terms(trend, seasons, exogenous, exogenous_lags)
    if isinstance(data, Panel) or hasattr(data, "columns"):
        panel = dated_panel(data)
        entities, table = entities_of(panel, columns, exogenous, (trend, seasons, exogenous_lags))
        orders = read_orders(lags, max_lags, min_lags, table.terms, rules)
        found = fit_members(entities, orders, table, rules)
        notes = [*panel.notes, *entities.dropped([*table.names, *table.terms.exogenous], found)]
        return label_batch(found, orders, table, rules, notes)
    members, table = data_sets(data, columns, exogenous, (trend, seasons, exogenous_lags))
    orders = read_orders(lags, max_lags, min_lags, table.terms, rules)
    return label_batch(fit_members(members, orders, table, rules), orders, table, rules)
