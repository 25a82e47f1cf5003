"""The rows of a model that are read a chunk at a time, whenever a pass needs them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import Note, SpecificationError
from panelvar.core.base.quoting import shown
from panelvar.data.formulas.design import Design
from panelvar.data.panel.dimensions import crossed_dimensions
from panelvar.data.streams.differenced_chunks import DifferencedChunks, measured, of_whole_entities
from panelvar.data.streams.dimensions import Dimension
from panelvar.data.streams.reading import NotKept, Reading, no_rows
from panelvar.data.streams.streamed_groups import StreamedGrouping
from panelvar.data.streams.streamed_rows import StreamedColumns, StreamedRows
from panelvar.data.streams.streamed_weights import WeightColumn
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.rows import TransformedRows

if TYPE_CHECKING:
    import pandas as pd


class StreamedDesign(Design):
    """A `Design` of which no row is kept.

    Parameters
    ----------
    stream : PanelStream
        Where the rows come from.
    reading : Reading
        Of the rows.
    dependent : str
    names : tuple of str
    constant : bool
    columns : StreamedColumns
        Regressors and, last, the dependent variable.
    notes : sequence of Note
        What was left out and why.
    formula : str, optional
        The formula the regressors came from.
    weights : WeightColumn, optional
    """

    y = NotKept("The dependent variable")
    x = NotKept("A regressor")
    time_positions = NotKept("The period")
    index = NotKept("A label")
    _reading: Reading
    _columns: StreamedColumns
    _groupings: dict[Dimension, StreamedGrouping]

    def __init__(
        self,
        stream: Any,
        reading: Reading,
        dependent: str,
        names: tuple[str, ...],
        constant: bool,
        columns: StreamedColumns,
        notes: Sequence[Note],
        formula: str | None = None,
        weights: WeightColumn | None = None,
    ) -> None:
        # The class is frozen, and says of some of what a design holds that it is not kept.
        self.__dict__.update(
            panel=stream,
            dependent=dependent,
            names=names,
            constant=constant,
            weights=weights,
            kept=None,
            notes=tuple(notes),
            formula=formula,
            _reading=reading,
            _columns=columns,
            _groupings={},
        )

    @property
    def nobs(self) -> int:
        """Number of rows."""
        return self._reading.nobs

    @property
    def columns(self) -> Any:
        """Regressors and, last, the dependent variable, to be read."""
        return self._columns

    @cached_property
    def means(self) -> Array:
        """(Weighted) mean of each column, regressors first, shape (k + 1,)."""
        if self._weights is None:
            return self._columns.totals() / self.nobs
        sums = self._columns.sums_by(self._reading.survey.entities, self._weights)
        means: Array = sums.sum(axis=0) / self.nobs
        return means

    @property
    def _weights(self) -> Any:
        """Weights of the rows, to be read."""
        return self.weights

    def extent(self, place: int) -> tuple[float, float]:
        """Return the smallest and the largest value of a column."""
        column = place
        if self._columns.loadings is not None:
            used = np.flatnonzero(self._columns.loadings[:, place])
            if len(used) != 1:
                raise no_rows("A combination of columns")
            column = int(used[0])
        survey = self._reading.survey
        return float(survey.smallest[column]), float(survey.largest[column])

    def norms(self) -> Array:
        """Return the Euclidean norm of each (weighted) column, shape (k + 1,), from a reading of all rows."""
        return self._reading.gathered(partial(self._columns.norms, self._weights), np.hypot)

    @property
    def entities(self) -> StreamedGrouping:
        """Rows grouped by entity."""
        return self._grouping(self._reading.survey.entities)

    @property
    def times(self) -> StreamedGrouping:
        """Rows grouped by period."""
        return self._grouping(self._reading.survey.times)

    @property
    def entity_labels(self) -> pd.Index:
        """Labels of the entities in use, in code order."""
        return self._reading.survey.entities.labels

    @property
    def time_labels(self) -> pd.Index:
        """Labels of the periods in use, in code order."""
        return self._reading.survey.calendar.labels_at(self.period_positions)

    @property
    def period_positions(self) -> NDArray[np.int64]:
        """Calendar positions of the periods in use, ascending."""
        return self._reading.survey.positions

    def group_by(self, column: str | NDArray[Any] | Sequence[Any]) -> tuple[Grouping, str]:
        """Return the grouping and the label of a dimension, from a reading of its column if it is another one."""
        stream = self.panel
        if not isinstance(column, str):
            raise SpecificationError(
                f"The groups of a stream's rows must be the name of a column, such as 'region'; got {shown(column)}."
            )
        if column in ("entity", stream.entity_name):
            return self.entities, str(stream.entity_name)
        if column in ("time", stream.time_name):
            return self.times, str(stream.time_name)
        parts = crossed_dimensions(column, stream.names)
        if parts is not None:
            (grouping, label), *others = (self.group_by(part) for part in parts)
            for other, name in others:
                grouping, label = grouping.crossed(other), f"{label}^{name}"
            return grouping, label
        stream.require(column)  # type: ignore[attr-defined]
        return self._grouping(self._reading.dimension(column)), column

    def labels_of(self, dimension: str) -> pd.Index:
        """Return the labels, in code order, of a dimension named as `group_by` names it."""
        grouping, _ = self.group_by(dimension)
        if grouping is self.times:
            return self.time_labels
        assert isinstance(grouping, StreamedGrouping)
        return grouping.dimension.labels

    def places_of(self, dimension: str, levels: Any) -> Positions:
        """Return where levels of other rows stand among those of a dimension, -1 where the model has no such level."""
        name, *others = crossed_dimensions(dimension, self.panel.names) or (dimension,)
        places = self.labels_of(name).get_indexer(levels(name))
        for other in others:
            found = self.labels_of(other).get_indexer(levels(other))
            # As pairs are numbered (`panelvar.data.streams.reading.pairs_in`).
            pairs: Any = np.where((places < 0) | (found < 0), -1, places * self.group_by(other)[0].n_groups + found)
            name = f"{name}^{other}"
            places = self.labels_of(name).get_indexer(pairs)
        return places.astype(np.intp)

    def without_rows(self) -> Design:
        """Return the design's names and notes, its source let go."""
        light = Design(self.panel, self.dependent, self.names, np.empty(0), (), self.constant, notes=self.notes)
        object.__setattr__(light, "panel", None)
        return light

    def select(self, regressors: Positions) -> StreamedDesign:
        """Return the design with some of its regressors, given by their places."""
        loadings = np.eye(len(self._columns))[:, [*regressors, -1]]
        names = tuple(self.names[i] for i in regressors)
        return self._like(self.dependent, names, self._columns.combined(loadings), self.notes, self.formula)

    def of_rows(self, rows: TransformedRows, names: Sequence[str], dependent: str) -> StreamedDesign:
        """Return the design whose columns are those of rows, not transformed."""
        assert isinstance(rows, StreamedRows)
        return self._like(dependent, tuple(names), rows.source, self.notes)

    def with_notes(self, *notes: Note) -> StreamedDesign:
        """Return the design with notes added."""
        return self._like(self.dependent, self.names, self._columns, (*self.notes, *notes), self.formula)

    def differences(self, bridging: bool, constant: bool) -> tuple[StreamedDesign, Array, int] | None:
        """Return the design of first differences, the norms of the columns they are taken of, and the number of gaps.

        None if there is no difference.

        Parameters
        ----------
        bridging : bool
            Whether a difference is taken to the row before, whatever its period.
        constant : bool
            Whether the differenced equation has a constant.
        """
        stream: Any = self.panel
        reading, place = self._reading, None if self._weights is None else self._weights.place
        chunks = DifferencedChunks(of_whole_entities(reading.chunks, stream), reading.columns, bridging, place)
        rows, gaps, norms = measured(chunks)
        if rows == 0:
            return None
        survey = stream.survey(chunks, reading.columns, "drop", reading.survey)
        own = Reading(chunks, reading.columns, survey)
        columns = StreamedColumns(own, self._columns.loadings)
        weights = None if place is None else WeightColumn(own, place)
        design = StreamedDesign(
            stream, own, self.dependent, self.names, constant, columns, self.notes, self.formula, weights
        )
        return design, norms if self._columns.loadings is None else norms @ self._columns.loadings, gaps

    def _like(
        self,
        dependent: str,
        names: tuple[str, ...],
        columns: StreamedColumns,
        notes: Sequence[Note],
        formula: str | None = None,
    ) -> StreamedDesign:
        return StreamedDesign(
            self.panel, self._reading, dependent, names, self.constant, columns, notes, formula, self._weights
        )

    def _grouping(self, dimension: Dimension) -> StreamedGrouping:
        if dimension not in self._groupings:
            self._groupings[dimension] = StreamedGrouping(self._reading, dimension)
        found: StreamedGrouping = self._groupings[dimension]
        return found
