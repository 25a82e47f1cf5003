"""Predictions for the rows of a stream, written a chunk at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import DataError, SpecificationError
from panelvar.core.base.quoting import one_line, shown
from panelvar.data.chunks.chunks import in_place
from panelvar.data.panel.panel import Panel
from panelvar.data.streams.formula_columns import columns_in, shifts_rows
from panelvar.data.streams.parquet_target import ParquetTarget
from panelvar.data.streams.whole_entities import PanelOfEntities, WholeEntities

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.data.chunks.chunks import DatedChunks


class Predicts(Protocol):
    """A result that predicts for new data."""

    def predict(self, data: object = None, *, effects: bool = False, unseen: str = "zero") -> pd.Series:
        """Predict the dependent variable."""


def write_predictions(
    stream: DatedChunks,
    result: Predicts,
    target: ParquetTarget,
    effects: bool,
    residuals: bool,
    unseen: str,
) -> int:
    """Build ``PanelStream.write_predictions``."""
    if not hasattr(type(result), "predict"):
        raise SpecificationError(f"result must be a fitted model that predicts; got {type(result).__name__}.")
    effects, residuals = read_flag("effects", effects), read_flag("residuals", residuals)
    fit: Any = getattr(result, "fit", None)
    source = getattr(fit, "source", None)
    if residuals and source is None:
        raise SpecificationError(f"You can write residuals of linear panel models only; got {type(result).__name__}.")
    if residuals and fit.family == "difference":
        raise SpecificationError(
            "Residuals of first differences cannot be written. Difference the columns in a formula, such as "
            "fit_pooled(stream, 'D(y) ~ 0 + D(x)')."
        )
    import pyarrow

    entity, time = stream.entity_name, stream.time_name
    rows = 0
    with target:
        for panel, who, when, name, place in _panels(stream, fit, source, effects=effects, residuals=residuals):
            columns: dict[str, Any] = {entity: who, time: when}
            with place:
                columns["predicted"] = values = _predict_rows(result, panel, effects, unseen)
                if residuals:
                    # Where effects are estimated, residuals are what is left beside them.
                    if not effects and fit.family == "fixed" and fit.effects:
                        values = _predict_rows(result, panel, True, unseen)
                    columns["residual"] = _read_outcome(source, panel) - values
            _refuse_infinite(columns, name)
            target.write(pyarrow.table({name: _stored(column, name) for name, column in columns.items()}))
            rows += panel.nobs
    return rows


def _stored(values: Any, name: str) -> Any:
    """Return a column as Arrow stores it."""
    import pyarrow

    try:
        return pyarrow.array(values, from_pandas=True)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError, pyarrow.ArrowNotImplementedError) as error:
        raise DataError(
            f"Column {shown(name)} cannot be written to a Parquet file, whose columns hold values of one type: "
            f"{one_line(str(error))}. Turn the values into texts first, such as with .astype(str)."
        ) from None


def _predict_rows(result: Predicts, panel: Panel, effects: bool, unseen: str) -> Array:
    """Return predictions labelled by the rows of a chunk, in its order; those of whole entities are in the panel's."""
    predicted = result.predict(panel, effects=effects, unseen=unseen)
    return (predicted if isinstance(panel, PanelOfEntities) else predicted.sort_index()).to_numpy()


def _refuse_infinite(columns: dict[str, Any], name: Callable[[int], str]) -> None:
    """Refuse what is made of infinite values, as the fit does."""
    for what in ("predicted", "residual"):
        infinite = np.isinf(columns.get(what, np.empty(0)))
        if infinite.any():
            raise DataError(
                f"{what!r} is infinite, first in {name(int(infinite.argmax()))}, because a column of the model is. "
                "Remove these values or set them to missing."
            )


def _panels(
    stream: DatedChunks, fit: Any, source: Any, *, effects: bool, residuals: bool
) -> Iterator[tuple[Panel, Any, Any, Callable[[int], str], AbstractContextManager[None]]]:
    """Yield rows as panels, who and when they are about in the order in which they are written, their names and place.

    The place says which chunk it is where errors would not.
    """
    entity, time = stream.entity_name, stream.time_name
    read = _columns_read(stream, fit, source, effects=effects, residuals=residuals)
    formula = getattr(source, "formula", None)
    # Lags of a formula, or of differences, are values of other rows of the entity.
    if getattr(fit, "family", None) == "difference" or (formula is not None and shifts_rows(formula)):
        for whole in WholeEntities(stream).panels(read):
            yield whole, whole.raw_column(entity), whole.raw_column(time), whole.row, nullcontext()
        return
    for chunk in stream.read(read):
        if chunk.n_rows:
            frame = chunk.frame()[read].reset_index(drop=True)
            yield Panel(frame, entity, time), frame[entity], frame[time], chunk.row, in_place(chunk.where)


def _columns_read(stream: DatedChunks, fit: Any, source: Any, *, effects: bool, residuals: bool) -> list[str]:
    """Return the columns that predictions of a model are made of: a file may lack the others."""
    if source is None:
        return stream.names
    if source.formula is None:
        said = [*fit.slope_names, *([source.dependent] if residuals else [])]
    else:
        said = [source.formula if residuals else source.formula.partition("~")[2]]
    if effects or residuals:
        said += fit.effects
    return [*dict.fromkeys((stream.entity_name, stream.time_name, *columns_in(" ; ".join(said), stream.names)))]


def _read_outcome(source: Any, panel: Panel) -> Array:
    """Return what a model explains, of the rows of a panel in the order of its data."""
    if source.formula is None:
        values = panel.column(source.dependent)
    else:
        from panelvar.data.formulas.formula import parse

        values = parse(f"{source.formula.partition('~')[0]} ~ 1", panel).y[:]
    if panel.order is None:
        return values
    out = np.empty_like(values)
    out[panel.order] = values
    return out
