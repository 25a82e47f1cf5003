"""Whole entities as chunks, for models that go along the rows of each entity in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from panelvar.core.base.arrays import Array
from panelvar.data.sources.source import Labels, as_labels

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.data.streams.whole_entities import PanelOfEntities, WholeEntities


class EntityChunks:
    """The rows of a stream a batch of whole entities at a time.

    Parameters
    ----------
    entities : WholeEntities
    """

    repeatable = True

    def __init__(self, entities: WholeEntities) -> None:
        self.entities = entities
        self.names = list(entities.stream.names)

    def read(self, columns: Sequence[str]) -> Iterator[EntityChunk]:
        """Read columns of all rows."""
        for panel in self.entities.panels(columns):
            yield EntityChunk(panel)


class EntityChunk:
    """Rows of whole entities.

    Parameters
    ----------
    panel : PanelOfEntities
        On the calendar of all rows of the stream.
    """

    where = "the data"

    def __init__(self, panel: PanelOfEntities) -> None:
        self.panel = panel
        self.n_rows = panel.nobs
        self.row = panel.row

    def numbers(self, name: str) -> Array:
        """Return a column as doubles."""
        return self.panel.column(name)

    def labels(self, name: str) -> Labels:
        """Return a column as labels."""
        return as_labels(self.panel.raw_column(name))

    def frame(self) -> pd.DataFrame:
        """Return the columns that were read."""
        return self.panel[list(self.panel.names)].reset_index(drop=True)
