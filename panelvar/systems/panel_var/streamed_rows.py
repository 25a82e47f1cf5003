"""The rows of a panel vector autoregression of a stream, which are read again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.data.panel.panel import Panel
from panelvar.data.streams.reading import not_kept
from panelvar.data.streams.whole_entities import WholeEntities
from panelvar.panels.dynamic.dynamic_model import DynamicModel, stream_model
from panelvar.panels.dynamic.lag_instruments import Specification
from panelvar.systems.panel_var.rows import (
    AskedSystem,
    Ends,
    LostRows,
    SystemRows,
    ends_of,
    laid_out,
    no_row,
    refuse_one,
)

if TYPE_CHECKING:
    import pandas as pd


class StreamedPanelRows(SystemRows):
    """Rows of a stream, of which none is kept.

    Parameters
    ----------
    source : WholeEntities
        Where the rows are read.
    system : AskedSystem
    missing : {"drop", "raise"}
    """

    design = not_kept("A residual")
    columns = not_kept("A residual or fitted value")
    panel_rows = not_kept("A residual")
    entities = not_kept("An entity")

    def __init__(self, source: WholeEntities, system: AskedSystem, missing: str) -> None:
        self.panel: WholeEntities = source
        self._system = system
        self.names, self.lags, self.terms, self.sources = system.names, system.lags, system.terms, system.sources
        self._read = tuple(map(str, self.sources))
        for name in system.sources:
            source.stream.require(name)
        self._sizes = np.zeros(source.n_entities, dtype=np.intp)
        lost: LostRows | None = None
        longest, periods = 0, np.zeros(source.calendar.n_positions, dtype=bool)
        for panel in source.panels(self._read):
            kept, _, lost_here = laid_out(panel, system)
            self._sizes[panel.first : panel.first + panel.n_entities] = np.bincount(
                panel.entity_codes[kept], minlength=panel.n_entities
            )
            periods[panel.time_positions[kept]] = True
            lost = lost_here if lost is None else lost.merged(lost_here)
            longest = max(longest, int(np.diff(panel.starts).max()))
        assert lost is not None
        self.notes = (*source.notes, *lost.notes(system, missing))
        if not periods.any():
            raise no_row(system, source.n_entities, longest)
        refuse_one(system, int(np.count_nonzero(self._sizes)), source.n_entities)
        self.periods = np.flatnonzero(periods)

    @property
    def sizes(self) -> Positions:
        """Rows of each entity that has one, (N,)."""
        return self._sizes[self.used_entities]

    @property
    def used_entities(self) -> Positions:
        """Numbers of the entities that have a row, in the order of their labels."""
        order = self.panel.order
        return order[self._sizes[order] > 0]

    @property
    def entity_labels(self) -> pd.Index:
        """Labels of the entities in use."""
        return self.panel.labels.take(self.used_entities)

    def only(self, entities: Mask, periods: Positions | None, sizes: Positions) -> StreamedPanelRows:
        """Return the rows of some of the stream's entities in some periods, which leaves each of them so many."""
        del entities, periods
        left = copy(self)
        left._sizes = sizes
        return left

    def parts(self) -> Iterator[tuple[Positions, Positions, Array]]:
        """Read the rows: number of each one's entity, its period, its columns [terms, lags, Y]."""
        for panel in self.panel.panels(self._read):
            kept, laid, _ = laid_out(panel, self._system)
            yield panel.entity_codes[kept] + panel.first, panel.time_positions[kept].astype(np.intp), laid

    def ends(self) -> Ends:
        """Read the last periods of the stream's entities, in the order of their labels."""
        found = [
            ends_of(panel, self, self._sizes[panel.first : panel.first + panel.n_entities] > 0)
            for panel in self.panel.panels(self._read)
        ]
        order = self.panel.order
        rest = (np.concatenate(each)[order] for each in list(zip(*found, strict=True))[1:])
        return Ends(self.panel.labels.take(order), *rest)

    def moment_model(self, specification: Specification, known: Callable[[Panel], Mapping[str, Array]]) -> DynamicModel:
        """Return the rows' model by moments, whose columns are known of a panel."""
        return stream_model(self.panel, specification, "drop", known, self._read)
