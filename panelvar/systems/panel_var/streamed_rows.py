"""The rows of a panel vector autoregression of a stream, which are read again."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.core.base.arguments import DROP_OR_RAISE
from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.errors import Note, choose
from panelvar.data.panel.panel import Panel
from panelvar.data.streams.panel_stream import PanelStream
from panelvar.data.streams.reading import NotKept
from panelvar.data.streams.whole_entities import WholeEntities
from panelvar.panels.dynamic.dynamic_model import DynamicModel, stream_model
from panelvar.panels.dynamic.lag_instruments import Specification
from panelvar.systems.panel_var.rows import (
    AskedSystem,
    Ends,
    LostRows,
    PanelVarRows,
    ends_of,
    laid_out,
    no_row,
    read_system,
    refuse_one,
)

if TYPE_CHECKING:
    import pandas as pd


class StreamedPanelRows(PanelVarRows):
    """`PanelVarRows` of which none is kept.

    Parameters
    ----------
    source : WholeEntities
    system : AskedSystem
    missing : {"drop", "raise"}

    Attributes
    ----------
    periods : integer array
        Calendar positions of the periods that have a row.
    """

    design = NotKept("A residual")
    columns = NotKept("A residual or fitted value")
    panel_rows = NotKept("A residual")
    entities = NotKept("An entity")
    source: WholeEntities
    _system: AskedSystem
    _sizes: Positions
    _notes: tuple[Note, ...]

    def __init__(self, source: WholeEntities, system: AskedSystem, missing: str) -> None:
        # The class is frozen, and refuses some attributes because their rows are not kept.
        self.__dict__.update(
            names=system.names,
            lags=system.lags,
            terms=system.terms,
            sources=system.sources,
            source=source,
            _system=system,
        )
        sizes = np.zeros(source.n_entities, dtype=np.intp)
        lost: LostRows | None = None
        longest, periods = 0, np.zeros(source.calendar.n_positions, dtype=bool)
        for panel in source.panels(self._read):
            kept, _, own = laid_out(panel, system)
            sizes[panel.first : panel.first + panel.n_entities] = np.bincount(
                panel.entity_codes[kept], minlength=panel.n_entities
            )
            periods[panel.time_positions[kept]] = True
            lost = own if lost is None else lost.merged(own)
            longest = max(longest, int(np.diff(panel.starts).max()))
        assert lost is not None
        notes = (*source.notes, *lost.notes(system, missing))
        if not sizes.any():
            raise no_row(system, source.n_entities, longest)
        refuse_one(system, int(np.count_nonzero(sizes)), source.n_entities)
        self.__dict__.update(_sizes=sizes, _notes=notes, periods=np.flatnonzero(periods))

    @property
    def _read(self) -> tuple[str, ...]:
        return tuple(map(str, self.sources))

    @property
    def panel(self) -> Any:
        """Where the rows are read."""
        return self.source

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was left out and why."""
        return self._notes

    @property
    def nobs(self) -> int:
        """Rows explained, n."""
        return int(self._sizes.sum())

    @property
    def n_regressors(self) -> int:
        """Coefficients of an equation, m."""
        return len(self._system.labels)

    @property
    def n_entities(self) -> int:
        """Entities with a row, N."""
        return int(np.count_nonzero(self._sizes))

    @property
    def sizes(self) -> Positions:
        """Rows of each entity that has one, (N,)."""
        return self._sizes[self.used_entities]

    @cached_property
    def used_entities(self) -> Positions:
        """Numbers of the entities that have a row, in the order of their labels."""
        order = self.source.order
        return order[self._sizes[order] > 0]

    @property
    def entity_labels(self) -> pd.Index:
        """Labels of the entities in use."""
        return self.source.labels.take(self.used_entities)

    def only(self, entities: Mask, periods: Positions | None, sizes: Positions) -> StreamedPanelRows:
        """The rows of some of the stream's entities in some periods, which leaves each of them so many."""
        del entities, periods
        left = copy(self)
        left.__dict__["_sizes"] = sizes
        left.__dict__.pop("used_entities", None)
        return left

    def parts(self) -> Iterator[tuple[Positions, Positions, Array]]:
        """Read the rows: number of each one's entity, its period, its columns [terms, lags, Y]."""
        for panel in self.source.panels(self._read):
            kept, laid, _ = laid_out(panel, self._system)
            yield panel.entity_codes[kept] + panel.first, panel.time_positions[kept].astype(np.intp), laid

    def ends(self) -> Ends:
        """The last periods of the stream's entities, in the order of their labels; from a reading of them."""
        found = [
            ends_of(panel, self, self._sizes[panel.first : panel.first + panel.n_entities] > 0)
            for panel in self.source.panels(self._read)
        ]
        order = self.source.order
        rest = (np.concatenate(each)[order] for each in list(zip(*found, strict=True))[1:])
        return Ends(self.source.labels.take(order), *rest)

    def moment_model(self, specification: Specification, known: Callable[[Panel], Mapping[str, Array]]) -> DynamicModel:
        """The rows' model by moments, whose columns are known of a panel."""
        return stream_model(self.source, specification, "drop", known, self._read)


def streamed_rows(
    data: object,
    columns: Sequence[Hashable] | Hashable,
    lags: object,
    exogenous: object,
    exogenous_lags: int,
    trend: str,
    missing: str,
) -> StreamedPanelRows:
    """Read what rows a stream has for a system (see `panelvar.systems.panel_var.rows.read_rows`)."""
    choose("missing", missing, DROP_OR_RAISE)
    assert isinstance(data, PanelStream)
    source = WholeEntities(data)
    system = read_system(source.calendar.n_positions, columns, lags, exogenous, exogenous_lags, trend)
    for name in system.sources:
        data.require(name)
    return StreamedPanelRows(source, system, missing)
