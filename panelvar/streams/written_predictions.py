"""Predictions for the rows of a stream, written a chunk at a time."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from panelvar.base.errors import DataError, SpecificationError
from panelvar.data.panel import Panel
from panelvar.streams.open_chunks import need_pyarrow

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.streams.chunks import Chunks


class Predicts(Protocol):
    """A result that predicts for new data."""

    def predict(self, data: object = None, *, effects: bool = False, unseen: str = "zero") -> pd.Series:
        """Predict the dependent variable."""


def write_predictions(
    chunks: Chunks,
    dimensions: tuple[str, str],
    result: Predicts,
    path: str | os.PathLike[str],
    effects: bool,
    unseen: str,
) -> int:
    """Build ``PanelStream.write_predictions``."""
    if not hasattr(type(result), "predict"):
        raise SpecificationError(f"result must be a fitted model that predicts; got {type(result).__name__}.")
    need_pyarrow("Files of predictions")
    import pyarrow
    from pyarrow import parquet

    entity, time = dimensions
    rows, writer = 0, None
    try:
        for chunk in chunks.read(chunks.names):
            if chunk.n_rows == 0:
                continue
            frame = chunk.frame().reset_index(drop=True)
            predicted = result.predict(Panel(frame, entity, time), effects=effects, unseen=unseen)
            columns: dict[str, Any] = {entity: frame[entity], time: frame[time], "predicted": predicted}
            table = pyarrow.table({name: pyarrow.array(column.sort_index()) for name, column in columns.items()})
            if writer is None:
                writer = parquet.ParquetWriter(os.fspath(path), table.schema)
            writer.write_table(table.cast(writer.schema))
            rows += len(frame)
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
