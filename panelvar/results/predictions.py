"""Predictions of linear panel models, for the model's rows or new ones, with or without estimated effects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.errors import DataError, Note, SpecificationError, choose, emit
from panelvar.fit import FloatArray
from panelvar.panel import Panel
from panelvar.results.effects import blup, level_tables

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.results.linear import LinearResult


def predict(result: LinearResult, data: object, *, effects: bool, unseen: str) -> pd.Series:
    """Build ``LinearResult.predict``."""
    import pandas as pd

    choose("unseen", unseen, ("zero", "missing", "raise"))
    fit = result.fit
    if effects and not fit.effects:
        raise SpecificationError(f"{result.estimator} has no effects to add to a prediction.")
    if data is None:
        fit.rows_or_refuse("A prediction of the model's own rows")
        columns = [fit.source.x[i] for i in fit.kept]
        index = fit.source.index
        panel: Panel | None = fit.source.panel
        labels = {
            name: fit.source.labels_of(name).take(fit.source.group_by(name)[0].codes)
            for name in (fit.effects if effects else ())
        }
    else:
        if effects or fit.source.formula is not None:
            fit.rows_or_refuse("A prediction with effects or from a formula")
        panel = data if isinstance(data, Panel) else _panel_of(result, data, effects)
        columns = _columns(result, panel)
        index = panel.index
        labels = {name: _labels(result, panel, name) for name in (fit.effects if effects else ())}
    values = np.full(len(index), fit.coefficients[0] if fit.constant else 0.0)
    for column, slope in zip(columns, fit.slopes, strict=True):
        values = values + slope * column
    if effects:
        values = values + _effect_of(result, labels, unseen)
    out = pd.Series(values, index=index, name="predicted")
    if panel is not None and data is not None and panel.order is not None:
        inverse = np.empty(len(out), dtype=np.intp)
        inverse[panel.order] = np.arange(len(out))
        out = out.iloc[inverse]
    labels_given = getattr(data, "index", None)
    if labels_given is not None and not isinstance(data, Panel):
        out.index = labels_given
    return out


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


def _effect_of(result: LinearResult, labels: dict[str, Any], unseen: str) -> FloatArray:
    fit = result.fit
    total: FloatArray | float = 0.0
    missing = 0
    if fit.components is not None:
        tables: tuple[FloatArray, ...] = (blup(fit),)
    else:
        levels = level_tables(fit)
        kept = fit.kept
        constant = float(fit.centre[-1] - fit.centre[:-1][kept] @ fit.slopes)
        reported = constant if fit.constant else 0.0
        tables = (levels[0] - reported, *levels[1:])
    for name, table in zip(fit.effects, tables, strict=True):
        positions = fit.source.labels_of(name).get_indexer(labels[name])
        found = positions >= 0
        missing += int((~found).sum())
        value = np.where(found, table[np.where(found, positions, 0)], np.nan)
        if unseen == "zero":
            average = 0.0 if fit.constant or fit.components is not None else float(np.mean(table))
            value = np.where(found, value, average)
        total = total + value
    if missing and unseen == "raise":
        raise DataError(f"{missing} row(s) belong to levels the model has not seen.")
    if missing and unseen == "zero":
        emit([Note("unseen-levels", f"{missing} row(s) belong to unseen levels: the average effect is used.", True)])
    return np.asarray(total)
