"""`Panel`: rows of entities in periods, lags that know the calendar, and what is in the columns."""

from __future__ import annotations

import operator
from collections.abc import Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import read_flag, read_labels, read_whole
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import grouped
from panelvar.core.base.errors import DataError, SpecificationError
from panelvar.core.base.hints import HintsAtNames
from panelvar.core.base.quoting import one_line, shown
from panelvar.core.base.unknown_arguments import answering
from panelvar.data.calendar.time_labels import as_text
from panelvar.data.panel.dimensions import undated
from panelvar.data.panel.panel_rows import PanelRows
from panelvar.data.sources.source import as_floats, one_dimensional, stored
from panelvar.kernels.dynamics.gaps import lag_positions

if TYPE_CHECKING:
    import pandas as pd
    from pandas.api.extensions import ExtensionArray

    from panelvar.data.panel.description import PanelDescription


@answering
class Panel(PanelRows, HintsAtNames):
    """Rows of data indexed by entity and time.

    A panel is an index, not a copy. It finds the order of the rows by entity, then time, checks that no entity has two
    rows of the same period, and gives your columns in that order when they are needed. Time labels become integer
    positions on a calendar, so that lags know about gaps.

    The data are never modified. Do not write into them yourself while you use the panel or a result of it, which may
    read them again. (pandas 3 keeps frames apart from what you write; arrays, and frames of pandas 2, are read as they
    then are.)

    Parameters
    ----------
    data : DataFrame or mapping of str to (n,) array
        One row for each entity and period, in any order.
    entity : column name, index level name or (n,) array, optional
        Who the row is about: integers, strings, categories (in the order of the categories), anything sortable. Leave
        it out if ``data`` has a two-level index (entity, then time). Without such an index, leaving it out makes a
        panel of one entity, as vector autoregressions take it.
    time : column name, index level name or (n,) array, optional
        When: integers, dates, `pandas.Period`, strings such as ``"1980Q1"``, anything sortable. (Strings in no known
        form are taken in alphabetical order, and every estimator warns of it.) The default is the second level of a
        two-level index, or the index of a single entity; with ``entity`` alone and no time in the index, the rows of
        each entity count as consecutive periods.
    freq : int or str, optional
        Spacing of the calendar, where the labels alone do not tell it; see
        `panelvar.data.calendar.calendar.read_times`.

    Attributes
    ----------
    nobs, n_entities : int
        Numbers of rows and entities.
    order : (n,) array or None
        Permutation from the caller's rows to the panel's; None if the data came sorted.
    starts : (n_entities + 1,) array
        Offset of the first row of each entity, and ``nobs``.
    time_positions : (n,) array
        Calendar position of each row, from 0.
    calendar : Calendar
        The labels of the positions.
    entity_name, time_name : str or None
        What the two dimensions are called in the data.
    notes : tuple of Note
        How the labels were read, where it matters.

    Raises
    ------
    DataError
        If column names are unknown or repeat, entity or time labels are missing or cannot be ordered, an entity has two
        rows of one period, arrays have unequal lengths, or there are no rows.
    SpecificationError
        If ``freq`` does not fit the labels, or an argument has a type that is not understood.

    See Also
    --------
    PanelStream : Rows that are read a chunk at a time.
    load_data : Data that are indexed already.

    Examples
    --------
    >>> import panelvar as pv
    >>> data = {"firm": [1, 1, 2, 2], "year": [2000, 2001, 2000, 2001], "x": [1.0, 3.0, 2.0, 7.0]}
    >>> pv.Panel(data, entity="firm", time="year").difference("x")
    array([nan,  2., nan,  5.])
    """

    def lag(self, column: Hashable | Array, k: int = 1) -> Array:
        """Return the value ``k`` periods earlier on the calendar.

        Parameters
        ----------
        column : column name, Series or (n,) array
            An array is in the panel's order; a Series is matched by its labels.
        k : int
            Periods of the calendar, not rows. Negative: later.

        Returns
        -------
        (n,) array
            NaN where the entity has no row ``k`` periods earlier: no lag reaches across a gap or another entity.

        Raises
        ------
        DataError
            If there is no such column, or an array has another length.

        Examples
        --------
        >>> import panelvar as pv
        >>> panel = pv.Panel({"year": [2000, 2001, 2003], "x": [3.0, 1.0, 7.0]}, time="year")
        >>> panel.lag("x").tolist()
        [nan, 3.0, nan]
        """
        if self.plain:
            raise undated("A lag, lead or difference")
        values = self._values(column)
        # No row has a predecessor further away than the calendar is long.
        reach = self.calendar.n_positions
        k = max(-reach, min(_whole(k), reach))
        if k == 0:
            return values
        if self._last_lag is None or self._last_lag[0] != k:
            positions = lag_positions(self.entity_codes, self.time_positions, k)
            self._last_lag = (k, positions, positions < 0)
        _, positions, absent = self._last_lag
        lagged = values.take(positions, mode="wrap")
        lagged[absent] = np.nan
        return lagged

    def lead(self, column: Hashable | Array, k: int = 1) -> Array:
        """Return the value ``k`` periods later on the calendar: ``lag(column, -k)``.

        Parameters
        ----------
        column : column name, Series or (n,) array
            An array is in the panel's order; a Series is matched by its labels.
        k : int
            Periods of the calendar, not rows. Negative: earlier.
        """
        return self.lag(column, -_whole(k))

    def difference(self, column: Hashable | Array, k: int = 1) -> Array:
        """Return the value less the value ``k`` periods earlier, ``x - lag(x, k)``; NaN where that is absent.

        Parameters
        ----------
        column : column name, Series or (n,) array
            An array is in the panel's order; a Series is matched by its labels.
        k : int
            Periods of the calendar, not rows.

        Raises
        ------
        SpecificationError
            If ``k`` is below 1.
        """
        if _whole(k) < 1:
            raise SpecificationError(f"A difference needs k of at least 1; got {k}.")
        values = self._values(column)
        difference = self.lag(values, k)
        # Two infinite values have no difference.
        with np.errstate(invalid="ignore"):
            np.subtract(values, difference, out=difference)
        return difference

    def _values(self, column: Any) -> Array:
        if isinstance(column, np.ndarray):
            if column.shape != (self.nobs,):
                raise DataError(f"An array of shape {column.shape} was given for a panel of {self.nobs} rows.")
            return as_floats(column, "array")
        if hasattr(column, "index") and hasattr(column, "dtype"):
            return as_floats(self._arranged(column, "the Series"), column.name)
        return self.column(column)

    def with_columns(self, *, panel_order: bool = False, **columns: Any) -> Panel:
        """Return a panel of the same rows with columns added or replaced.

        Parameters
        ----------
        panel_order : bool
            Whether arrays are in the panel's order, as `column`, `lag` and `arrange` return them. Only a panel whose
            data did not come sorted (``order`` is not None) needs to be told.
        **columns : (n,) arrays or Series
            A Series is matched by its labels, whatever their order; a row it does not name is missing.

        Returns
        -------
        Panel

        Raises
        ------
        DataError
            If a length is wrong, labels repeat or are not those of the data, a name is that of the entity or time
            column, or an array comes without ``panel_order=True`` where the rows of the data and of the panel are in
            different orders.

        Examples
        --------
        >>> import panelvar as pv
        >>> panel = pv.Panel({"year": [2001, 2000, 2002], "x": [3.0, 1.0, 7.0]}, time="year")
        >>> panel.with_columns(panel_order=True, before=panel.lag("x")).column("before")
        array([nan,  1.,  3.])
        """
        panel_order = read_flag("panel_order", panel_order)
        panel = object.__new__(type(self))
        panel.__dict__.update(self.__dict__)
        panel._added = dict(self._added)
        for name, values in columns.items():
            if name in self._dimensions:
                raise DataError(
                    f"{name!r} says which rows belong together, so you cannot replace it. Make a new Panel."
                )
            panel._added[name] = self._in_order(values, f"Column {name!r}", panel_order)
        return panel

    def _in_order(self, values: Any, what: str, panel_order: bool) -> NDArray[Any] | ExtensionArray:
        """Values of rows in the panel's order: a Series by its labels, an array as the caller says it is."""
        if hasattr(values, "index") and hasattr(values, "dtype"):
            return self._arranged(values, what[0].lower() + what[1:])
        values = one_dimensional(values, what)
        if len(values) != self.nobs:
            raise DataError(f"{what} has {len(values)} values for a panel of {self.nobs} rows.")
        if self.order is not None and not panel_order:
            raise DataError(
                f"{what} is an array, but the panel has sorted the rows of the data, so nothing says which order "
                "the array has. Give a Series with the index of the data. Or pass panel_order=True for an array "
                "that column(), lag() or arrange(values) returned."
            )
        return stored(values)

    @property
    def columns(self) -> pd.Index:
        """Names of the columns, those of the entity and time left out."""
        import pandas as pd

        return pd.Index(self.names, tupleize_cols=False)

    @overload
    def __getitem__(self, name: list[Any]) -> pd.DataFrame: ...

    @overload
    def __getitem__(self, name: Hashable) -> pd.Series: ...

    def __getitem__(self, name: Any) -> Any:
        """Return a column, or a table of several, in the panel's order under the labels of the caller's rows.

        Assigned to the caller's data, or given to `with_columns`, it finds its rows by these labels.

        Parameters
        ----------
        name : label or list of labels
            Columns, that of the entity or time among them.

        Returns
        -------
        Series or DataFrame
            Values as they are stored, of any type; a copy.

        Raises
        ------
        DataError
            If a name is unknown.
        SpecificationError
            If the brackets ask for rows, which `where` chooses.
        """
        import pandas as pd

        if isinstance(name, slice) or str(getattr(name, "dtype", "")) in _TRUTHS:
            raise SpecificationError(
                "Square brackets take names of columns. To choose rows, use where(condition) or head(n)."
            )
        if isinstance(name, (list, pd.Index)):
            table = pd.concat([self[each] for each in name], axis=1) if len(name) else pd.DataFrame(index=self.index)
            table.columns = pd.Index(list(name), tupleize_cols=False)
            return table
        values: Any = self.raw_column(name)
        return pd.Series(values, index=self.index, name=name, copy=True)

    def _no_attribute(self, name: str) -> AttributeError:
        if "_source" in self.__dict__ and name in self:
            here = f"Write panel[{name!r}] for the column."
            return AttributeError(f"'Panel' object has no attribute {name!r}. {here}", name=name)
        return super()._no_attribute(name)

    def __contains__(self, name: object) -> bool:
        return name in (*self.names, *(each for each in self._dimensions if each is not None))

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self.names)

    def to_frame(self, columns: Hashable | Sequence[Hashable] | None = None) -> pd.DataFrame:
        """Return the columns as a DataFrame in the panel's order, indexed by entity and time.

        Parameters
        ----------
        columns : label or sequence of labels, optional
            All by default.

        Returns
        -------
        DataFrame
            A copy. `Panel` makes the same panel of it, and every function takes it where it takes a panel.

        Raises
        ------
        DataError
            If a name is unknown.
        """
        return self[self._named(columns)].set_axis(self.pairs)

    def head(self, n: int = 5) -> pd.DataFrame:
        """Return the first ``n`` rows as `to_frame` has them."""
        return self.to_frame().head(read_whole("n", n, 0))

    def _named(self, columns: Any) -> list[Hashable]:
        return list(self.names) if columns is None else list(read_labels("columns", columns))

    def where(self, condition: Any, *, panel_order: bool = False) -> Panel:
        """Return the panel of the rows where a condition holds.

        The calendar stays what it is: a period left out is a gap, which no lag bridges.

        Parameters
        ----------
        condition : Series or (n,) array of True and False
            Such as ``panel["income"] > 0``. A Series is matched by its labels, whatever their order.
        panel_order : bool
            Whether an array is in the panel's order. Only a panel whose data did not come sorted needs to be told.

        Returns
        -------
        Panel

        Raises
        ------
        DataError
            If labels are not those of the data, the condition says nothing of some row or holds in none, or an array
            could be in either order.
        SpecificationError
            If the condition does not hold True and False.

        Examples
        --------
        >>> import panelvar as pv
        >>> data = {"firm": [1, 1, 2, 2], "year": [2000, 2001, 2000, 2001], "x": [1.0, 3.0, 2.0, 7.0]}
        >>> panel = pv.Panel(data, entity="firm", time="year")
        >>> panel.where(panel["firm"] == 2).column("x")
        array([2., 7.])
        """
        if isinstance(condition, str):
            raise SpecificationError(
                f"The condition {shown(condition)} is a text. Write a comparison of columns, such as panel['x'] > 0."
            )
        holds = _truths(self._in_order(condition, "The condition", read_flag("panel_order", panel_order)))
        if not holds.any():
            raise DataError(f"The condition holds in none of {self.nobs} rows; a panel needs at least one.")
        return self._selected(np.flatnonzero(holds))

    def describe(self, columns: Hashable | Sequence[Hashable] | None = None) -> PanelDescription:
        """Count entities, periods and gaps, and split the variation of each numeric column.

        Parameters
        ----------
        columns : label or sequence of labels, optional
            Columns to describe; all by default.

        Returns
        -------
        PanelDescription

        Raises
        ------
        DataError
            If a name is unknown.
        """
        from panelvar.data.panel.description import describe

        return describe(self, self._named(columns))

    def __repr__(self) -> str:
        first, last = self.calendar.labels_at(np.array([0, self.calendar.n_positions - 1]))
        shape = "balanced" if self.is_balanced else "unbalanced"
        return one_line(
            f"Panel({grouped(self.nobs)} rows, {grouped(self.n_entities)} entities by {self.entity_name or 'entity'}, "
            f"{self.n_periods} periods by {self.time_name or 'time'} from {as_text(first)} to {as_text(last)}, {shape})"
        )


def as_panel(data: object, entity: Any = None, time: Any = None) -> Panel:
    """Return a Panel as it is, and make one of anything else `Panel` accepts.

    Raises
    ------
    SpecificationError
        If ``data`` is a Panel already and ``entity`` or ``time`` is given again.
    """
    if isinstance(data, Panel):
        if entity is not None or time is not None:
            raise SpecificationError("data is a Panel already. Leave out entity and time.")
        return data
    return Panel(data, entity, time)  # type: ignore[arg-type]


_TRUTHS = ("bool", "boolean", "bool[pyarrow]")


def _truths(values: Any) -> NDArray[np.bool_]:
    """Whether a condition holds; what is unknown by its dtype does not, as pandas has it."""
    if str(values.dtype) in _TRUTHS:
        return values.to_numpy(dtype=bool, na_value=False) if hasattr(values, "isna") else np.asarray(values)
    import pandas as pd

    listed = values.tolist()
    if all(isinstance(each, bool) for each in listed):
        return np.array(listed, dtype=bool)
    if all(isinstance(each, bool) or each is pd.NA or each is None or each != each for each in listed):
        raise DataError("The condition has no value for some rows of the data. Give a condition that covers all rows.")
    raise SpecificationError(f"A condition must hold True and False; got values of dtype {values.dtype}.")


def _whole(k: Any) -> int:
    try:
        return operator.index(k)
    except TypeError:
        raise SpecificationError(f"A number of periods must be an integer; got {k!r}.") from None
