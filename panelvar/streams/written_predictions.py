"""Predictions for the rows of a stream, written a chunk at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from panelvar.base.arguments import read_flag
from panelvar.base.arrays import Array
from panelvar.base.errors import DataError, SpecificationError
from panelvar.chunks.open_chunks import need_pyarrow
from panelvar.data.panel import Panel
from panelvar.streams.formula_columns import shifts_rows
from panelvar.streams.whole_entities import PanelOfEntities, WholeEntities

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.chunks.chunks import DatedChunks


class Predicts(Protocol):
    """A result that predicts for new data."""

    def predict(self, data: object = None, *, effects: bool = False, unseen: str = "zero") -> pd.Series:
        """Predict the dependent variable."""


def write_predictions(
    stream: DatedChunks,
    result: Predicts,
    path: str | os.PathLike[str],
    effects: bool,
    residuals: bool,
    unseen: str,
) -> int:
    """Build ``PanelStream.write_predictions``."""
    if not hasattr(type(result), "predict"):
        raise SpecificationError(f"result must be a fitted model that predicts; got {type(result).__name__}.")
    residuals = read_flag("residuals", residuals)
    need_pyarrow("Files of predictions")
    import pyarrow
    from pyarrow import parquet

    entity, time = stream.entity_name, stream.time_name
    rows, writer = 0, None
    try:
        for panel, who, when in _panels(stream, along_time=_goes_along_time(result)):
            predicted = result.predict(panel, effects=effects, unseen=unseen)
            # Labelled by the rows of a chunk, in whatever order; those of whole entities are in the panel's.
            values = (predicted if isinstance(panel, PanelOfEntities) else predicted.sort_index()).to_numpy()
            columns: dict[str, Any] = {entity: who, time: when, "predicted": values}
            if residuals:
                columns["residual"] = _explained(result, panel) - values
            table = pyarrow.table({name: pyarrow.array(column, from_pandas=True) for name, column in columns.items()})
            if writer is None:
                writer = parquet.ParquetWriter(os.fspath(path), table.schema)
            writer.write_table(table.cast(writer.schema))
            rows += panel.nobs
    except OSError as error:
        raise DataError(f"{os.fspath(path)} cannot be written: {error.strerror or type(error).__name__}.") from None
    except BaseException:
        # Half a file would pass for a whole one.
        if writer is not None:
            writer.close()
            writer = None
            with suppress(OSError):
                os.remove(path)
        raise
    finally:
        if writer is not None:
            writer.close()
    return rows


def _panels(stream: DatedChunks, *, along_time: bool) -> Iterator[tuple[Panel, Any, Any]]:
    """Yield rows as panels, and who and when they are about in the order in which they are written."""
    entity, time = stream.entity_name, stream.time_name
    if along_time:
        for whole in WholeEntities(stream).panels(stream.names):
            yield whole, whole.raw_column(entity), whole.raw_column(time)
        return
    for chunk in stream.read(stream.names):
        if chunk.n_rows:
            frame = chunk.frame().reset_index(drop=True)
            yield Panel(frame, entity, time), frame[entity], frame[time]


def _goes_along_time(result: Predicts) -> bool:
    """Whether a prediction takes values of other rows of the entity: by lags of a formula, or of differences."""
    fit = getattr(result, "fit", None)
    formula = getattr(getattr(fit, "source", None), "formula", None)
    return getattr(fit, "family", None) == "difference" or (formula is not None and shifts_rows(formula))


def _explained(result: Predicts, panel: Panel) -> Array:
    """Return what a model explains, of the rows of a panel in the order of its data."""
    fit: Any = getattr(result, "fit", None)
    source = getattr(fit, "source", None)
    if source is None:
        raise SpecificationError(f"Residuals are written of linear models of panels; got {type(result).__name__}.")
    if fit.family == "difference":
        raise SpecificationError(
            "Residuals of first differences are not written: difference the columns in a formula, such as "
            "fit_pooled(stream, 'D(y) ~ 0 + D(x)')."
        )
    if source.formula is None:
        values = panel.column(source.dependent)
    else:
        from panelvar.data.formula import parse

        values = parse(f"{source.formula.partition('~')[0]} ~ 1", panel).y[:]
    if panel.order is None:
        return values
    out = np.empty_like(values)
    out[panel.order] = values
    return out
