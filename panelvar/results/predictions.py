"""Predictions of linear panel models, for the model's rows or new ones, with or without estimated effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from panelvar.errors import DataError, Note, SpecificationError, choose, emit
from panelvar.fit import Fit, FloatArray
from panelvar.panel import Panel
from panelvar.results.effects import blup, dimension_of, leading_table, level_tables

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.results.linear import LinearResult


@dataclass(frozen=True, eq=False)
class PredictionRows:
    """Rows to predict, in the order of the panel they came in.

    Attributes
    ----------
    columns : list of (n,) arrays
        The regressors in use.
    index : Index
        Labels of the rows.
    order : (n,) array or None
        Where each row goes in the caller's order.
    positions : tuple of (n,) arrays
        For each table of the model's effects, the level of each row; -1 where the model has not seen it.
    slopes : tuple of (n,) array or None
        What each table is multiplied by.
    """

    columns: list[FloatArray]
    index: pd.Index
    order: NDArray[np.intp] | None
    positions: tuple[NDArray[np.intp], ...] = ()
    slopes: tuple[FloatArray | None, ...] = ()

    def arranged(self, values: FloatArray) -> FloatArray:
        """Put values into the caller's order."""
        if self.order is None:
            return values
        out = np.empty_like(values)
        out[self.order] = values
        return out


def prediction_rows(result: LinearResult, data: object, *, effects: bool) -> PredictionRows:
    """Collect the rows of a prediction, with or without the levels they belong to."""
    fit = result.fit
    if effects and not fit.effects:
        raise SpecificationError(f"{result.estimator} has no effects to add to a prediction.")
    if data is None:
        fit.rows_or_refuse("A prediction of the model's own rows")
        own = [fit.source.x[i] for i in fit.kept]
        if not effects:
            return PredictionRows(own, fit.source.index, None)
        names = [dimension_of(fit, i) for i in range(len(fit.effects))]
        positions = tuple(fit.source.group_by(name)[0].codes.astype(np.intp) for name in names)
        return PredictionRows(own, fit.source.index, None, positions, _slopes(fit, fit.source.panel, fit.source.kept))
    if effects or fit.source.formula is not None:
        fit.rows_or_refuse("A prediction with effects or from a formula")
    panel = data if isinstance(data, Panel) else _panel_of(result, data, effects)
    columns, index, order = _columns(result, panel), panel.index, panel.order
    labels = getattr(data, "index", None)
    if labels is not None and not isinstance(data, Panel):
        # The caller's own labels, in the panel's order.
        index = labels if order is None else labels[order]
    if not effects:
        return PredictionRows(columns, index, order)
    places = []
    for i in range(len(fit.effects)):
        name = dimension_of(fit, i)
        found = fit.source.labels_of(name).get_indexer(_labels(result, panel, name))
        places.append(found.astype(np.intp))
    return PredictionRows(columns, index, order, tuple(places), _slopes(fit, panel, None))


def _slopes(fit: Fit, panel: Panel, kept: NDArray[np.intp] | None) -> tuple[FloatArray | None, ...]:
    """Return the variables on which effects have slopes, for each table, None for levels."""
    if fit.absorbed is None:
        return (None,) * len(fit.effects)
    out: list[FloatArray | None] = []
    for label, slope in zip(fit.effects, fit.absorbed.slopes, strict=True):
        if slope is None:
            out.append(None)
            continue
        column = panel.column(label[label.rindex("[") + 1 : -1])
        out.append(column if kept is None else column[kept])
    return tuple(out)


def predict(result: LinearResult, data: object, *, effects: bool, unseen: str) -> pd.Series:
    """Build ``LinearResult.predict``."""
    import pandas as pd

    choose("unseen", unseen, ("zero", "missing", "raise"))
    rows = prediction_rows(result, data, effects=effects)
    values = rows.arranged(predicted_values(result, rows, effects=effects, unseen=unseen))
    return pd.Series(values, index=caller_index(rows), name="predicted")


def caller_index(rows: PredictionRows) -> pd.Index:
    """Return the labels of the rows in the caller's order."""
    if rows.order is None:
        return rows.index
    inverse = np.empty(len(rows.order), dtype=np.intp)
    inverse[rows.order] = np.arange(len(rows.order))
    return rows.index[inverse]


def predicted_values(result: LinearResult, rows: PredictionRows, *, effects: bool, unseen: str) -> FloatArray:
    """Return the predictions in the rows' own order."""
    fit = result.fit
    values = np.full(len(rows.index), fit.coefficients[0] if fit.constant else 0.0)
    for column, slope in zip(rows.columns, fit.slopes, strict=True):
        values = values + slope * column
    return values + _effect_of(fit, rows, unseen) if effects else values


def _panel_of(result: LinearResult, data: object, effects: bool) -> Panel:
    """Index new data as the model's panel was, or by row number when nothing needs to know."""
    if result.fit.rows is None:
        return _by_row(data)
    source = result.fit.source.panel
    names = set(getattr(data, "columns", ()) if not isinstance(data, dict) else data)
    if source.entity_name in names and source.time_name in names:
        return Panel(data, entity=source.entity_name, time=source.time_name)  # type: ignore[arg-type]
    if getattr(getattr(data, "index", None), "nlevels", 1) == 2:
        return Panel(data)  # type: ignore[arg-type]
    if effects or result.fit.source.formula is not None:
        raise DataError(
            "The new data must carry the entity and time they belong to: give a Panel, columns "
            f"{source.entity_name!r} and {source.time_name!r}, or a two-level index."
        )
    return _by_row(data)


def _by_row(data: Any) -> Panel:
    """Index data by row number: their labels need not be unique."""
    return Panel(data.reset_index(drop=True) if hasattr(data, "reset_index") else data)


def _columns(result: LinearResult, panel: Panel) -> list[FloatArray]:
    """Regressors in use, from columns or by the model's formula with the model's categories."""
    source, names = result.fit.source, result.fit.slope_names
    if source.formula is None:
        return [panel.column(name) for name in names]
    from panelvar.formula import regressors

    terms, columns, _ = regressors(source.formula, panel, source.panel)
    found = dict(zip(terms, columns, strict=True))
    return [found[name] for name in names]


def _labels(result: LinearResult, panel: Panel, name: str) -> Any:
    source = result.fit.source.panel
    if name == (source.entity_name or "entity"):
        return panel.entity_labels.take(panel.entity_codes)
    if name == (source.time_name or "time"):
        return panel.calendar.labels_at(panel.time_positions)
    return panel.raw_column(name)


def _effect_of(fit: Fit, rows: PredictionRows, unseen: str) -> FloatArray:
    if fit.components is not None:
        tables = blup(fit)
    else:
        tables = level_tables(fit)
        constant = float(fit.centre[-1] - fit.centre[:-1][fit.kept] @ fit.slopes)
        lead, reported = leading_table(fit), constant if fit.constant else 0.0
        tables = tuple(table - reported if i == lead else table for i, table in enumerate(tables))
    total: FloatArray | float = 0.0
    missing = 0
    for table, positions, slope in zip(tables, rows.positions, rows.slopes, strict=True):
        found = positions >= 0
        missing += int((~found).sum())
        value = np.where(found, table[np.where(found, positions, 0)], np.nan)
        if unseen == "zero":
            zero = slope is None and (fit.constant or fit.components is not None)
            value = np.where(found, value, 0.0 if zero else float(np.mean(table)))
        total = total + (value if slope is None else value * slope)
    if missing and unseen == "raise":
        raise DataError(f"{missing} row(s) belong to levels the model has not seen.")
    if missing and unseen == "zero":
        emit([Note("unseen-levels", f"{missing} row(s) belong to unseen levels: the average effect is used.", True)])
    return np.asarray(total)
