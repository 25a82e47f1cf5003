"""`PanelStream`: a panel that is read a chunk at a time and never held whole."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from panelvar.base.arguments import DROP_OR_RAISE, read_names
from panelvar.base.errors import DataError, SpecificationError, choose
from panelvar.base.hints import HintsAtNames
from panelvar.base.nearest import nearest
from panelvar.base.quoting import one_line, shown
from panelvar.base.unknown_arguments import answering
from panelvar.data.design import CONSTANT, Design, check_names
from panelvar.streams.open_chunks import open_chunks
from panelvar.streams.partitions import gathered
from panelvar.streams.reading import Reading
from panelvar.streams.streamed_design import StreamedDesign
from panelvar.streams.streamed_rows import StreamedColumns
from panelvar.streams.survey import Surveyor, survey_of
from panelvar.streams.written_predictions import Predicts, write_predictions

if TYPE_CHECKING:
    from panelvar.streams.chunks import Chunk


@answering
class PanelStream(HintsAtNames):
    """Rows of a panel that are read a chunk at a time: from files, queries or tables larger than memory.

    `fit_pooled`, `fit_fixed_effects`, `fit_between` and `fit_random_effects` take it where they take a `Panel`, and
    return the same result as of the same rows in memory. The rows may come in any order. A fit reads them once
    or twice, and once more for errors made of residuals; nothing is kept but tables with a row for each entity. Dynamic
    panels (`fit_arellano_bond`, `fit_panel_var`) ask that the rows of each entity stand together.

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
        Spacing of the calendar, where the labels alone do not tell it; see `panelvar.data.calendar.read_times`.

    Attributes
    ----------
    names : list of str
        Columns.
    repeatable : bool
        Whether the data can be read more than once. What cannot, such as an iterator, is refused by a fit.

    Raises
    ------
    DataError
        Files that are not there, cannot be read or lack a column.
    SpecificationError
        Something that is no source of chunks, or columns that are not named.

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

    def __init__(self, data: Any, entity: str, time: str, *, freq: int | str | None = None) -> None:
        self._chunks = open_chunks(data)
        self.names = self._chunks.names
        self.repeatable = self._chunks.repeatable
        for what, name in (("entity", entity), ("time", time)):
            if not isinstance(name, str):
                raise SpecificationError(f"{what}={shown(name)} must be the name of a column of the stream.")
            self.require(name)
        if entity == time:
            raise SpecificationError(f"entity and time are both {entity!r}; they must be different columns.")
        self.entity_name = entity
        self.time_name = time
        self.freq = freq

    def __repr__(self) -> str:
        columns = ", ".join(self.names[:6]) + (", ..." if len(self.names) > 6 else "")
        return one_line(f"PanelStream(entities by {self.entity_name}, periods by {self.time_name}; columns {columns})")

    def require(self, name: Hashable) -> None:
        """Refuse a column that is not there.

        Raises
        ------
        DataError
            With the closest name there is.
        """
        if name not in self.names:
            meant = nearest(name, self.names) if isinstance(name, str) else None
            hint = f" Did you mean {meant!r}?" if meant else ""
            raise DataError(f"Column {shown(name)} is not in the data.{hint} Columns: {', '.join(self.names[:12])}.")

    def read(self, columns: Sequence[str]) -> Iterator[Chunk]:
        """Read columns of all rows, a chunk at a time."""
        return self._chunks.read(columns)

    def write_predictions(
        self, result: Predicts, path: str | os.PathLike[str], *, effects: bool = False, unseen: str = "zero"
    ) -> int:
        """Predict the dependent variable for every row, and write the predictions to a Parquet file.

        The model may have been fitted to this stream, to another or to a panel: what counts is that the columns of its
        regressors are here.

        Parameters
        ----------
        result : LinearResult
            Or any other whose ``predict`` takes new data.
        path : path
            Where to write; a file that is there is replaced.
        effects : bool
            Add the estimated effects.
        unseen : {"zero", "missing", "raise"}
            What to do with levels that the model has no effect of; see `LinearResult.predict`.

        Returns
        -------
        int
            Rows written, in the order of the stream: the entity, the period and ``predicted``, which is missing where a
            regressor is.

        Raises
        ------
        DataError
            A regressor that is no column of the stream, or a path that cannot be written.
        ImportError
            Without pyarrow.
        """
        return write_predictions(self, (self.entity_name, self.time_name), result, path, effects, unseen)

    @property
    def calendar(self) -> NoReturn:
        """Refuse what goes along the calendar of each entity."""
        raise SpecificationError(
            "This goes along the rows of each entity in time, and a stream is read a chunk at a time: use a Panel."
        )

    def column(self, name: Hashable) -> NoReturn:
        """Refuse to hold a column."""
        raise SpecificationError(
            f"{shown(name)} is needed whole, and a stream is read a chunk at a time: use a Panel, or compute the "
            "column in the source of the stream."
        )

    def design_of(
        self, y: str, x: Sequence[str] | str | None, *, constant: bool | None, weights: Any, missing: str
    ) -> Design:
        """Survey the rows of a model (see `panelvar.data.design.build_design`)."""
        choose("missing", missing, DROP_OR_RAISE)
        if not isinstance(y, str):
            raise SpecificationError(f"y must be a column name or a formula; got {type(y).__name__}.")
        if weights is not None:
            raise SpecificationError("Weights are not taken with a stream: use a Panel.")
        if x is None:
            y, x, constant = _read_formula(y, constant)
        names = read_names("x", x)
        constant = check_names(y, names, constant)
        for name in (y, *names):
            self.require(name)
        if not self.repeatable:
            raise SpecificationError(
                "These data can be read once, and a fit may read them again: give a function that returns a new "
                "iterator at each call, or a path, table or query."
            )
        chunks, columns = self._chunks, (*names, y)
        begin = partial(Surveyor, self.entity_name, self.time_name, self.freq, columns, missing)
        read = [*dict.fromkeys((*columns, self.entity_name, self.time_name))]
        survey = gathered(chunks, read, partial(survey_of, chunks, begin, read), Surveyor.merge).done(chunks)
        reading = Reading(chunks, columns, survey)
        return StreamedDesign(self, reading, y, names, constant, StreamedColumns(reading), survey.notes)


def _read_formula(formula: str, constant: bool | None) -> tuple[str, list[str], bool | None]:
    """Read a formula of plain columns; whatever computes columns is to be computed in the source."""
    left, tilde, right = formula.partition("~")
    if not tilde:
        raise SpecificationError("Regressors are missing: give x, or a formula such as 'y ~ x1 + x2'.")
    terms = [term.strip() for term in right.split("+")]
    if any(term in ("0", "-1") for term in terms):
        constant = False
    names = [term.strip("`") for term in terms if term not in ("0", "1", "-1")]
    odd = [name for name in (left.strip(), *names) if not name or any(sign in name for sign in "()*:^|-[]")]
    if odd:
        raise SpecificationError(
            f"{shown(odd[0])} in the formula is no column: a stream takes names of columns, 'y ~ x1 + x2'. Compute "
            f"others in its source; {CONSTANT!r} is added unless you say constant=False."
        )
    return left.strip(), names, constant
