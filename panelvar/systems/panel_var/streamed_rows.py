"""Panel vector autoregressions of streams: rows that are read again, and a fit that keeps none of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.core.base.arguments import DROP_OR_RAISE
from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.errors import Note, choose
from panelvar.data.panel.panel import Panel
from panelvar.data.streams.panel_stream import PanelStream
from panelvar.data.streams.reading import NotKept
from panelvar.data.streams.whole_entities import WholeEntities
from panelvar.estimates.covariance.covariances import CovarianceEstimate
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.panels.dynamic.cube import RowCounts
from panelvar.panels.dynamic.dynamic_model import DynamicModel
from panelvar.panels.dynamic.lag_instruments import Specification
from panelvar.panels.dynamic.streamed_moments import StreamedModel
from panelvar.systems.identification.scheme import Estimates
from panelvar.systems.panel_var.fit import PanelVarFit
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
    periods: Positions
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
    def n_periods(self) -> int:
        """Periods with a row."""
        return len(self.periods)

    @property
    def sizes(self) -> Positions:
        """Rows of each entity that has one, (N,)."""
        return self._sizes[self.order]

    @property
    def row_counts(self) -> RowCounts:
        """The same: all, fewest and most."""
        sizes = self.sizes
        return RowCounts(int(sizes.sum()), int(sizes.min()), int(sizes.max()))

    @property
    def order(self) -> Positions:
        """Numbers of the entities that have a row, in the order of their labels."""
        order = self.source.order
        return order[self._sizes[order] > 0]

    @property
    def entity_labels(self) -> pd.Index:
        """Labels of the entities in use."""
        return self.source.labels.take(self.order)

    def with_sizes(self, sizes: Positions) -> StreamedPanelRows:
        """The rows less some: so many of each entity of the stream are left."""
        left = copy(self)
        left.__dict__["_sizes"] = sizes
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
        return StreamedModel(self.source, specification, "drop", known, self._read)


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


class StreamedPanelVarFit(PanelVarFit):
    """A `PanelVarFit` of which no row is kept.

    Parameters
    ----------
    rows : StreamedPanelRows
    n_estimated : int
        Rows estimated.
    row_counts : RowCounts
        Rows of the entities in the equations in levels, or in those that were differenced if there are none in levels.
    **fields
        The others of `PanelVarFit` that it has.
    """

    residuals = NotKept("A residual")
    residual_entities = NotKept("A residual")
    residual_periods = NotKept("A residual")

    def __init__(self, rows: StreamedPanelRows, *, n_estimated: int, row_counts: RowCounts, **fields: Any) -> None:
        self.__dict__.update(fields, rows=rows, _counted=(n_estimated, row_counts))

    @property
    def n_estimated(self) -> int:
        """Rows estimated."""
        counted: tuple[int, RowCounts] = self.__dict__["_counted"]
        return counted[0]

    @property
    def row_counts(self) -> RowCounts:
        """Rows of entities."""
        counted: tuple[int, RowCounts] = self.__dict__["_counted"]
        return counted[1]

    def with_covariance(self, covariance: CovarianceEstimate) -> PanelVarFit:
        """The same estimates with other errors."""
        changed = copy(self)
        changed.__dict__["covariance"] = covariance
        return changed

    def estimates(self, form: ReducedForm) -> Estimates:
        """What a scheme of identification may look at: no residuals."""
        return Estimates(form, self.n_estimated)


def streamed_effects(
    rows: StreamedPanelRows, entities_used: Mask, periods_used: Positions, params: Array, of_periods: Array | None
) -> tuple[StreamedPanelRows, Array, Array | None]:
    """Rows in use, effects of their entities, and of periods, of mean zero over the rows; from a reading of them.

    Parameters
    ----------
    rows : StreamedPanelRows
    entities_used : bool array
        Which of all entities of the stream are in use.
    periods_used : (q,) integer array
        Periods that have effects.
    params : (m, K) array
    of_periods : (q, K) array or None
        Effects of the periods beside that of the first.
    """
    m, count = rows.n_regressors, rows.source.n_entities
    sums, sizes = np.zeros((count, rows.n_vars)), np.zeros(count, dtype=np.intp)
    mean: Array = np.zeros(rows.n_vars)
    for entities, periods, columns in rows.parts():
        kept = entities_used[entities]
        if of_periods is not None:
            kept &= np.isin(periods, periods_used)
        left = columns[kept, m:] - columns[kept, :m] @ params
        if of_periods is not None:
            own = of_periods[np.searchsorted(periods_used, periods[kept])]
            left = left - own
            mean = mean + own.sum(axis=0)
        np.add.at(sums, entities[kept], left)
        sizes += np.bincount(entities[kept], minlength=count)
    rows = rows.with_sizes(sizes)
    effects = sums[rows.order] / rows.sizes[:, None]
    if of_periods is None:
        return rows, effects, None
    mean = mean / rows.nobs
    return rows, effects + mean, of_periods - mean
