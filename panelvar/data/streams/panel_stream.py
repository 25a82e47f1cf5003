"""`PanelStream`: a panel that is read a chunk at a time and never held whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from panelvar.core.base.arguments import DROP_OR_RAISE, read_names
from panelvar.core.base.errors import DataError, SpecificationError, choose
from panelvar.core.base.hints import HintsAtNames
from panelvar.core.base.nearest import nearest
from panelvar.core.base.quoting import one_line, shown
from panelvar.core.base.unknown_arguments import answering
from panelvar.data.chunks.dask_chunks import gather
from panelvar.data.chunks.open_chunks import files_in, need_pyarrow, open_chunks
from panelvar.data.formulas.design import check_names, read_weights, without_weight
from panelvar.data.formulas.instrument_columns import InstrumentedColumns, from_formula
from panelvar.data.streams.computed_chunks import ComputedChunks, first_chunk, place_of, rows_of
from panelvar.data.streams.entity_chunks import EntityChunks
from panelvar.data.streams.formula_columns import StreamLevels, columns_in, read_levels, shifts_rows
from panelvar.data.streams.parquet_target import ParquetTarget
from panelvar.data.streams.reading import Reading
from panelvar.data.streams.streamed_design import StreamedDesign
from panelvar.data.streams.streamed_rows import StreamedColumns
from panelvar.data.streams.streamed_weights import WeightColumn
from panelvar.data.streams.survey import Survey, Surveyor, survey_of
from panelvar.data.streams.whole_entities import WholeEntities
from panelvar.data.streams.written_predictions import Predicts, write_predictions
from panelvar.kernels.linear.columns import changed

if TYPE_CHECKING:
    from panelvar.core.base.arrays import Array
    from panelvar.data.chunks.chunks import Chunk, Chunks
    from panelvar.data.formulas.formula import FormulaColumns
    from panelvar.data.panel.panel import Panel
    from panelvar.kernels.linear.columns import Column
    from panelvar.kernels.linear.k_class import Layout


@answering
class PanelStream(HintsAtNames):
    """Rows of a panel that are read a chunk at a time: from files, queries or tables larger than memory.

    Pooled, between, fixed and random effects, with instruments or without (`fit_pooled`, `fit_iv_fixed_effects`, ...),
    take it where they take a `Panel`. They return the same result as for the same rows in memory. The rows may come in
    any order. A fit reads them once or twice, and once more for standard errors made of residuals. It keeps only
    tables with a row for each entity. First differences, formulas with lags, dynamic panels (`fit_arellano_bond`,
    `fit_blundell_bond`, `fit_anderson_hsiao`) and `fit_panel_var` need the rows of each entity to stand together.

    Parameters
    ----------
    data : path, sequence of paths, or table
        Parquet files (a file, a folder, a pattern such as ``"data/*.parquet"``, or several); a table, data set or
        reader of pyarrow; a relation of DuckDB; a frame of polars, also a lazy one; a frame of Dask (where a
        client of it is active, its workers do the work); a DataFrame, a list of them, or a function that returns an
        iterator of them.
    entity, time : str
        Columns that say who a row is about, and when.
    freq : int or str, optional
        Spacing of the calendar, where the labels alone do not tell it; see
        `panelvar.data.calendar.calendar.read_times`.

    Attributes
    ----------
    names : list of str
        Columns.
    repeatable : bool
        Whether the data can be read more than once. Fits that need more than one reading refuse data that cannot, such
        as an iterator of many rows.

    Raises
    ------
    DataError
        If files do not exist, cannot be read or lack a column.
    SpecificationError
        If the data are not a source of chunks, or columns are not named.

    See Also
    --------
    Panel : Rows in memory.

    Examples
    --------
    >>> import pandas as pd
    >>> import panelvar as pv
    >>> columns = ["firm", "year", "x", "y"]
    >>> first = pd.DataFrame([(1, 2000, 1.0, 2.0), (1, 2001, 3.0, 4.0), (2, 2000, 2.0, 1.0)], columns=columns)
    >>> second = pd.DataFrame([(2, 2001, 7.0, 5.0), (3, 2000, 0.0, 3.0), (3, 2001, 1.0, 3.0)], columns=columns)
    >>> stream = pv.PanelStream([first, second], entity="firm", time="year")
    >>> pv.fit_fixed_effects(stream, "y", "x").params.round(4).to_dict()
    {'const': 1.1333, 'x': 0.8}
    """

    plain = False

    def __init__(self, data: Any, entity: str, time: str, *, freq: int | str | None = None) -> None:
        self._files = files_in(data)
        self._chunks = open_chunks(data)
        self._names_of = "the data"
        if self._files is not None and len(found := self._files.found) > 1:
            self._names_of = f"{found[0]}, the first of {len(found)} files"
        self.names = self._chunks.names
        self.repeatable = self._chunks.repeatable
        for what, name in (("entity", entity), ("time", time)):
            if not isinstance(name, str):
                raise SpecificationError(f"{what}={shown(name)} must be the name of a column of the stream.")
            self.require(name)
        if entity == time:
            raise SpecificationError(f"entity and time are both {entity!r}. Name two different columns.")
        self.entity_name = entity
        self.time_name = time
        self.freq = freq
        self._levels: dict[tuple[str, str | None], StreamLevels] = {}

    def __repr__(self) -> str:
        columns = ", ".join(self.names[:6]) + (", ..." if len(self.names) > 6 else "")
        return one_line(f"PanelStream(entities by {self.entity_name}, periods by {self.time_name}; columns {columns})")

    def require(self, name: Hashable) -> None:
        """Refuse a column that is not there.

        Raises
        ------
        DataError
            If there is no such column. The message gives the closest name.
        """
        if name not in self.names:
            meant = nearest(name, self.names) if isinstance(name, str) else None
            hint = f" Did you mean {meant!r}?" if meant else ""
            if self._files is not None and any(f"/{name}=" in path for path in self._files.found):
                hint = (
                    " It is in the names of the folders: pyarrow.dataset.dataset(folder, partitioning='hive') reads "
                    "it, and you can make a stream of that."
                )
            listing = ", ".join(self.names[:12]) + (", ..." if len(self.names) > 12 else "")
            raise DataError(f"Column {shown(name)} is not in {self._names_of}.{hint} Columns: {listing}.")

    def read(self, columns: Sequence[str]) -> Iterator[Chunk]:
        """Read columns of all rows, a chunk at a time."""
        return self._chunks.read(columns)

    def write_predictions(
        self,
        result: Predicts,
        path: str | os.PathLike[str],
        *,
        effects: bool = False,
        residuals: bool = False,
        unseen: str = "zero",
    ) -> int:
        """Predict the dependent variable for every row, and write the predictions to a Parquet file.

        The model may have been fitted to this stream, to another or to a panel: what counts is that the columns of its
        regressors are here.

        Parameters
        ----------
        result : LinearResult
            Or any other whose ``predict`` takes new data.
        path : path
            Where to write, a Parquet file. One of predictions that is there is replaced once all are written; what the
            stream reads, or any other file, is not.
        effects : bool
            Add the estimated effects.
        residuals : bool
            Write what the dependent variable is less the prediction as well, of fixed effects less their effects too,
            whether the prediction has them or not, as `LinearResult.resids` is. Its columns must be here then.
        unseen : {"zero", "missing", "raise"}
            What to do with levels that the model has no effect of; see `LinearResult.predict`.

        Returns
        -------
        int
            Rows written, in the order of the stream: the entity, the period and ``predicted``, which is missing where a
            regressor is, and ``residual`` if it is asked for. Where the model has lags or differences, entities are
            read whole, and the rows of each are in the order of time.

        Raises
        ------
        DataError
            If a regressor is not a column of the stream or is infinite, or the path cannot be written.
        SpecificationError
            If the path is not that of a Parquet file, or the stream reads it.
        ImportError
            If pyarrow is not installed.
        """
        need_pyarrow("Files of predictions")
        return write_predictions(self, result, ParquetTarget(path, self._files), effects, residuals, unseen)

    @property
    def calendar(self) -> NoReturn:
        """Refuse what goes along the calendar of each entity."""
        raise SpecificationError(
            "This follows each entity through time, and a stream reads one chunk at a time. Use a Panel."
        )

    def stored_column(self, name: Hashable) -> NoReturn:
        """Refuse to hold a column, as it is stored or as numbers."""
        self.column(name)

    def column(self, name: Hashable) -> NoReturn:
        """Refuse to hold a column."""
        raise SpecificationError(
            f"{shown(name)} is needed whole, and a stream reads one chunk at a time. Use a Panel, or compute the "
            "column in the source of the stream."
        )

    def raw_column(self, name: Hashable) -> Any:
        """Return some values of a column, as it is stored."""
        return rows_of(self._first).raw_column(name)

    @cached_property
    def _first(self) -> Chunk:
        """The first rows of the data, from which a formula tells which columns it makes."""
        return first_chunk(self._chunks)

    def design_of(
        self, y: str | None, x: Sequence[str] | str | None, *, constant: bool | None, weights: Any, missing: str
    ) -> StreamedDesign:
        """Survey the rows of a model (see `panelvar.data.formulas.design.build_design`)."""
        if not isinstance(y, str):
            raise SpecificationError(f"y must be a column name or a formula; got {type(y).__name__}.")
        if x is None:
            if "~" not in y:
                raise SpecificationError("Regressors are missing. Give x, or a formula such as 'y ~ x1 + x2'.")
            chunks, first, levels = self._rows_for(y, weights)
            read = partial(_parse_rows, y, levels, self._weight_name(weights))
            found = read(rows_of(first))
            chunks = self._computing(chunks, y, found, read, self._weight_name(weights))
            constant = found.constant if constant is None else constant
            return self._survey_design(chunks, found.y_name, found.x_names, constant, weights, missing, y, levels)
        return self._survey_design(self._chunks, y, read_names("x", x), constant, weights, missing, None, None)

    def instrumented_design_of(
        self, formula: str, *, constant: bool | None, weights: Any, missing: str
    ) -> tuple[StreamedDesign, Layout]:
        """Survey the rows of a model with instruments (`panelvar.data.formulas.instrument_columns`)."""
        chunks, first, levels = self._rows_for(formula, weights)
        name = self._weight_name(weights)
        parts = _instrumented_rows(formula, levels, name, rows_of(first))
        layout, found = parts.layout, parts.of_model
        chunks = self._computing(chunks, formula, found, partial(_model_of, formula, levels, name), name)
        constant = found.constant if constant is None else constant
        names = found.x_names
        design = self._survey_design(chunks, found.y_name, names, constant, weights, missing, parts.formula, levels)
        return design, layout

    def _weight_name(self, weights: Any) -> str | None:
        """Return the column of the weights; what else they may be is refused when they are read."""
        return weights if isinstance(weights, str) and weights in self.names else None

    def _rows_for(self, formula: str, weights: Any) -> tuple[Chunks, Chunk, StreamLevels]:
        """Return the chunks that a formula is computed of, the first of them, and the levels of the rows in use."""
        whole = shifts_rows(formula)
        chunks: Chunks = EntityChunks(WholeEntities(self)) if whole else self._chunks
        first = first_chunk(chunks) if whole else self._first
        key = formula, self._weight_name(weights)
        if key not in self._levels:
            self._levels[key] = read_levels(chunks, formula, rows_of(first), self.names, key[1], rows_of, place_of)
        return chunks, first, self._levels[key]

    def _computing(
        self,
        chunks: Chunks,
        formula: str,
        first: FormulaColumns,
        read: Callable[[Panel], FormulaColumns],
        weights: str | None,
    ) -> Chunks:
        """Return chunks that compute a formula, ``first`` being what it makes of the first of them."""
        needed = [*dict.fromkeys((*columns_in(formula, self.names), *([] if weights is None else [weights])))]
        computed = ComputedChunks(chunks, (*first.x_names, first.y_name), needed, partial(_by_name, read))
        return computed if computed.computed else chunks

    def _survey_design(
        self,
        chunks: Chunks,
        y: str,
        names: tuple[str, ...],
        constant: bool | None,
        weights: Any,
        missing: str,
        formula: str | None,
        levels: StreamLevels | None,
    ) -> StreamedDesign:
        """Survey the rows of a model whose columns the chunks have."""
        choose("missing", missing, DROP_OR_RAISE)
        constant = check_names(y, names, constant)
        for name in (y, *names):
            if name not in chunks.names:
                self.require(name)
        columns: tuple[str, ...] = (*names, y)
        place = None
        if weights is not None:
            chunks, name = self._with_weights(chunks, weights)
            if name not in columns:
                columns = (*names, name, y)
            place = columns.index(name)
        reading = Reading(chunks, columns, self.survey(chunks, columns, missing))
        own = StreamedColumns(reading)
        if len(columns) > len(names) + 1:
            own = own.combined(np.delete(np.eye(len(columns)), len(names), axis=1))
        weight = None if place is None else WeightColumn(reading, place)
        notes, by = reading.survey.notes, weights or ""
        return StreamedDesign(self, reading, y, names, constant, own, notes, formula, weight, levels, by)

    def _with_weights(self, chunks: Chunks, weights: Any) -> tuple[Chunks, str]:
        """Return chunks that have weights, and their name: in notes they are called what they are."""
        if not isinstance(weights, str):
            raise SpecificationError(
                f"The weights of a stream must be the name of a column; got {type(weights).__name__}."
            )
        self.require(weights)
        if "weights" in chunks.names:
            return chunks, weights
        return ComputedChunks(chunks, ("weights",), (weights,), partial(_read_weights, weights)), "weights"

    def survey(self, chunks: Chunks, columns: tuple[str, ...], missing: str, of: Survey | None = None) -> Survey:
        """Read columns of all rows of chunks a first time, to know what there is; ``of`` as of `Surveyor.done`."""
        begin = partial(Surveyor, self.entity_name, self.time_name, self.freq, columns, missing)
        read = [*dict.fromkeys((*columns, self.entity_name, self.time_name))]
        return gather(chunks, read, partial(survey_of, chunks, begin, read), Surveyor.merge).done(chunks, of)


def _parse_rows(formula: str, levels: StreamLevels, weights: str | None, panel: Panel) -> FormulaColumns:
    """Compute the columns of a formula."""
    from panelvar.data.formulas.factors import Factors
    from panelvar.data.formulas.formula import parse

    return parse(formula, panel, Factors(panel, levels), without_weight(read_weights(panel, weights)))


def _read_weights(name: str, panel: Panel) -> dict[str, Array]:
    """Return a column as weights."""
    return {"weights": panel.column(name)}


def _instrumented_rows(formula: str, levels: StreamLevels, weights: str | None, panel: Panel) -> InstrumentedColumns:
    """Compute the columns of a formula with instruments."""
    return from_formula(formula, panel, levels, without_weight(read_weights(panel, weights)))


def _model_of(formula: str, levels: StreamLevels, weights: str | None, panel: Panel) -> FormulaColumns:
    """Compute the columns of a formula with instruments, without their parts."""
    return _instrumented_rows(formula, levels, weights, panel).of_model


def _by_name(read: Callable[[Panel], FormulaColumns], panel: Panel) -> dict[str, Column]:
    """Compute columns, and return them by name; levels stay codes."""
    found = read(panel)
    names, columns = (found.y_name, *found.x_names), (found.y, *found.x)
    return dict(zip(names, changed(columns, lambda factor: factor, lambda column: column), strict=True))
