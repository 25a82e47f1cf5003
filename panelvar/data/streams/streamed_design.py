"""The rows of a model that are read a chunk at a time, whenever a pass needs them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial, reduce
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import Note, SpecificationError
from panelvar.core.base.quoting import shown
from panelvar.data.formulas.design import Design
from panelvar.data.panel.dimensions import crossed_dimensions
from panelvar.data.panel.model_rows import ModelRows
from panelvar.data.streams.differenced_chunks import DifferencedChunks, measure_differences, read_whole_entities
from panelvar.data.streams.dimensions import Dimension
from panelvar.data.streams.formula_columns import StreamLevels
from panelvar.data.streams.reading import Reading, no_rows, not_kept
from panelvar.data.streams.row_values import numeric_column
from panelvar.data.streams.streamed_groups import StreamedGrouping
from panelvar.data.streams.streamed_rows import StreamedColumns, StreamedRows
from panelvar.data.streams.streamed_weights import WeightColumn
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.rows import TransformedRows

if TYPE_CHECKING:
    import pandas as pd


class StreamedDesign(ModelRows):
    """Rows of a model of which none is kept: what has a value for each of them is refused in words.

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
    levels : StreamLevels, optional
        Of the columns of the formula, in the rows of the model.
    weighted_by : str
        The column of the weights.
    """

    # What rows in memory have, and those of a stream have not; the type checker knows none of them.
    if not TYPE_CHECKING:
        y = not_kept("The dependent variable")
        x = arrays = not_kept("A regressor")
        take = with_columns = not_kept("A column")
        time_positions = not_kept("The period")
        index = not_kept("A label")

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
        levels: StreamLevels | None = None,
        weighted_by: str = "",
    ) -> None:
        self.panel = stream
        self.dependent = dependent
        self.names = names
        self.constant = constant
        self.columns: StreamedColumns = columns
        self.weights = weights
        self.weighted_by = weighted_by
        self.kept = None
        self.notes = tuple(notes)
        self.formula = formula
        self.levels_in_use = levels
        self._reading = reading
        self._groupings: dict[Dimension, StreamedGrouping] = {}

    @property
    def nobs(self) -> int:
        """Number of rows."""
        return self._reading.nobs

    @cached_property
    def means(self) -> Array:
        """(Weighted) mean of each column, regressors first, shape (k + 1,)."""
        if self.weights is None:
            return self.columns.totals() / self.nobs
        sums = self.columns.sums_by(self._reading.survey.entities, self.weights)
        return cast(Array, sums.sum(axis=0) / self.nobs)

    def extent(self, place: int) -> tuple[float, float]:
        """Return the smallest and the largest value of a column."""
        column = place
        if self.columns.loadings is not None:
            used = np.flatnonzero(self.columns.loadings[:, place])
            if len(used) != 1:
                raise no_rows("A combination of columns")
            column = int(used[0])
        survey = self._reading.survey
        return float(survey.smallest[column]), float(survey.largest[column])

    def norms(self) -> Array:
        """Return the Euclidean norm of each (weighted) column, shape (k + 1,), from a reading of all rows."""
        return self._reading.gather(partial(self.columns.norms, self.weights), np.hypot)

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

    def _grouped(self, column: str | NDArray[Any] | Sequence[Any]) -> tuple[Grouping, str]:
        if not isinstance(column, str):
            raise SpecificationError(
                f"The groups of a stream's rows must be the name of a column, such as 'region'; got {shown(column)}."
            )
        self.panel.require(column)
        return self._grouping(self._reading.dimension(column)), column

    def _crossed(self, parts: tuple[str, ...]) -> Grouping:
        return reduce(lambda first, second: first.crossed(second), (self.group_by(part)[0] for part in parts))

    def column(self, name: str) -> Array:
        """Return a numeric column of the data at the model's rows, whose values are read when a chunk is in hand."""
        self.panel.require(name)
        return cast(Array, numeric_column(self._reading, name))

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
        nothing, by = np.empty(0), self.weighted_by
        light = Design(
            self.panel, self.dependent, self.names, nothing, (), self.constant, notes=self.notes, weighted_by=by
        )
        object.__setattr__(light, "panel", None)
        return light

    def select(self, regressors: Positions) -> StreamedDesign:
        """Return the design with some of its regressors, given by their places."""
        loadings = np.eye(len(self.columns))[:, [*regressors, -1]]
        names = tuple(self.names[i] for i in regressors)
        return self._replace(names=names, columns=self.columns.combined(loadings))

    def of_rows(self, rows: TransformedRows, names: Sequence[str], dependent: str) -> StreamedDesign:
        """Return the design whose columns are those of rows, not transformed."""
        assert isinstance(rows, StreamedRows)
        return self._replace(dependent=dependent, names=tuple(names), columns=rows.source, formula=None)

    def with_notes(self, *notes: Note) -> StreamedDesign:
        """Return the design with notes added."""
        return self._replace(notes=(*self.notes, *notes))

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
        reading, place = self._reading, None if self.weights is None else self.weights.place
        chunks = DifferencedChunks(read_whole_entities(reading.chunks, stream), reading.columns, bridging, place)
        rows, gaps, norms = measure_differences(chunks)
        if rows == 0:
            return None
        survey = stream.survey(chunks, reading.columns, "drop", reading.survey)
        own = Reading(chunks, reading.columns, survey)
        columns = StreamedColumns(own, self.columns.loadings)
        weights = None if place is None else WeightColumn(own, place)
        design = self._replace(_reading=own, _groupings={}, constant=constant, columns=columns, weights=weights)
        return design, norms if self.columns.loadings is None else norms @ self.columns.loadings, gaps

    def _replace(self, **changes: Any) -> StreamedDesign:
        """Return the design with other attributes."""
        design = object.__new__(StreamedDesign)
        design.__dict__.update({**self.__dict__, **changes})
        design.__dict__.pop("means", None)
        return design

    def _grouping(self, dimension: Dimension) -> StreamedGrouping:
        if dimension not in self._groupings:
            self._groupings[dimension] = StreamedGrouping(self._reading, dimension)
        return self._groupings[dimension]
