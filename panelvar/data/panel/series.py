"""The data of a vector autoregression: one series a column, on the calendar, gaps left open."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import is_whole, read_labels
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.counting import count_of, noun_after
from panelvar.core.base.errors import DataError, Note, SpecificationError
from panelvar.core.base.labels import repeated
from panelvar.core.base.quoting import shown
from panelvar.data.calendar.calendar import Calendar, read_times
from panelvar.data.calendar.time_labels import RankLabels
from panelvar.data.panel.panel import Panel
from panelvar.data.sources.alignment import by_label, named_as
from panelvar.data.sources.arrow import from_arrow
from panelvar.data.sources.source import as_floats, as_labels, columns_meant, missing, refuse_text, stored
from panelvar.kernels.dynamics.gaps import on_every_period

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class VarData:
    """Variables by calendar period.

    Parameters
    ----------
    values : array (P, K)
        One row for each period from the first to the last; absent periods and missing values are NaN.
    names : tuple of str
    places : array of int (n,) or None
        Calendar period of each row of the data; None if the rows are all the periods in turn.
    index : Index or None
        Labels of the data's rows, in time order; None for plain arrays.
    calendar : Calendar or None
        None where the labels are plainly consecutive: no index, default, Period, or dates with a frequency.
    notes : tuple of Note
    exogenous : array (P, M) or None
        Exogenous variables in the same periods.
    exogenous_names : tuple of str
    """

    values: Array
    names: tuple[str, ...]
    places: Positions | None = None
    index: Any = None
    calendar: Calendar | None = None
    notes: tuple[Note, ...] = ()
    exogenous: Array | None = None
    exogenous_names: tuple[str, ...] = ()

    def labels(self, periods: Positions) -> pd.Index:
        """Row labels of periods that have a row."""
        import pandas as pd

        index = pd.RangeIndex(self.values.shape[0]) if self.index is None else self.index
        return index.take(periods if self.places is None else np.searchsorted(self.places, periods))

    def observed_periods(self) -> Positions:
        """Periods that have a row."""
        return np.arange(self.values.shape[0]) if self.places is None else self.places

    @property
    def labels_extend(self) -> bool:
        """Whether labels say which ones follow the last: not plain counts, nor where their order is all there is."""
        import pandas as pd

        counted = self.index is None or self.index.equals(pd.RangeIndex(len(self.index)))
        return not counted and not (self.calendar and isinstance(self.calendar.rule, RankLabels))

    def future(self, steps: int) -> pd.Index:
        """Labels of the periods after the last one."""
        import pandas as pd

        if self.calendar is not None:
            return self.calendar.future(steps).rename(self.index.name)
        if self.index is None or isinstance(self.index, pd.RangeIndex):
            known = pd.RangeIndex(self.values.shape[0]) if self.index is None else self.index
            return pd.RangeIndex(known.stop, known.stop + steps * known.step, known.step, name=known.name)
        last: Any = self.index[-1:]
        if isinstance(self.index, pd.PeriodIndex):
            return pd.PeriodIndex([last[0] + step for step in range(1, steps + 1)], name=last.name)
        return pd.date_range(last[0], periods=steps + 1, freq=self.index.freq, name=last.name)[1:]


def read_var_data(data: object, names: Sequence[Hashable] | None = None, exogenous: object = None) -> VarData:
    """Read a DataFrame, a two-dimensional array or a one-entity Panel, and exogenous variables beside it.

    Parameters
    ----------
    data : DataFrame, array (T, K) or Panel
        Rows are periods. A DataFrame's index is the calendar.
    names : sequence, optional
        Columns to use, in this order; for an array, the names of its columns.
    exogenous : sequence of column names, DataFrame, Series or array (T, M), optional
        Columns of the data that are exogenous (without ``names``, all others are variables of the VAR); or a table of
        as many rows as the data.

    Raises
    ------
    DataError
        If there are no rows or columns, values are infinite or not real numbers (the message names the column), periods
        repeat, there is more than one entity, or exogenous rows are not those of the data.
    SpecificationError
        If names do not exist or repeat, or the data are of another type.
    """
    refuse_text(data)
    if is_whole(names):
        raise SpecificationError(
            f"columns={shown(names)} must be a column name or a list of names. A lag order is lags={shown(names)}."
        )
    if names is not None:
        names = read_labels("columns", names)
    data, names = as_table(data, names)
    if exogenous is None:
        return _read(data, names)
    both, chosen, count = _beside(data, names, exogenous)
    table = _read(both, chosen)
    split = len(table.names) - count
    if split < 1:
        raise SpecificationError("Every column is exogenous, so no variable is left for the VAR.")
    return replace(
        table,
        values=np.ascontiguousarray(table.values[:, :split]),
        names=table.names[:split],
        exogenous=np.ascontiguousarray(table.values[:, split:]),
        exogenous_names=table.names[split:],
    )


def as_table(data: Any, names: Any = None, unnamed: str = "y1") -> tuple[Any, Any]:
    """A Series as a table of one column, named after it or ``unnamed``; another library's table as a DataFrame.

    A single name of an unnamed Series, or another name than its own, becomes the column's.
    """
    data = from_arrow(data)
    if hasattr(data, "columns") or not hasattr(data, "to_frame") or not hasattr(data, "index"):
        return data, names
    if names is not None and len(names) == 1:
        return data.to_frame(names[0]), names
    return data.to_frame(unnamed if data.name is None else data.name), names


def _beside(data: Any, names: Sequence[Hashable] | None, exogenous: Any) -> tuple[Any, Sequence[Hashable] | None, int]:
    """One table of variables and exogenous variables, the columns to use of it, and how many are exogenous."""
    listed = [exogenous] if isinstance(exogenous, str) else exogenous
    if isinstance(listed, (list, tuple)) and listed and all(isinstance(name, str) for name in listed):
        known = data.names if isinstance(data, Panel) else getattr(data, "columns", None)
        if known is None:
            raise SpecificationError(
                f"exogenous={listed}: the data have no column names. Give an array of as many rows as the data."
            )
        own = (data.entity_name, data.time_name) if isinstance(data, Panel) else ()
        unknown = [name for name in listed if name not in known]
        if unknown:
            raise SpecificationError(f"exogenous columns {unknown} are not in the data. Columns: {list(known)}.")
        others = [name for name in known if name not in listed and name not in own] if names is None else list(names)
        twice = [name for name in others if name in listed]
        if twice:
            raise SpecificationError(f"{twice} are both variables of the VAR and exogenous. Name them once.")
        return data, [*others, *listed], len(listed)
    if isinstance(data, Panel):
        raise SpecificationError("With a Panel, exogenous= must be names of its columns.")
    rows_of(data)
    if isinstance(exogenous, Panel) or np.ndim(exogenous) not in (1, 2):
        raise SpecificationError(
            f"exogenous must be column names or a table of as many rows as the data; got {type(exogenous).__name__}."
        )
    table, _ = as_table(exogenous, unnamed="x1")
    unlabelled = hasattr(table, "columns") and not hasattr(exogenous, "index")
    if unlabelled and hasattr(data, "index") and len(table) == len(data):
        # Arrow has no labels of rows: they are those of the data, as with arrays.
        exogenous = table = table.set_axis(data.index)
    width = 1 if np.ndim(table) == 1 else np.shape(table)[1]
    labels = list(getattr(table, "columns", [f"x{place + 1}" for place in range(width)]))
    if not (hasattr(data, "columns") and hasattr(table, "columns")) and len(table) != len(data):
        raise DataError(f"exogenous has {len(table)} rows; the data have {len(data)}.")
    if hasattr(data, "columns"):
        import pandas as pd

        if not hasattr(table, "columns"):
            table = pd.DataFrame(np.asarray(table), index=data.index, columns=labels)
        table = by_label(table, data.index, "exogenous")
        if not hasattr(exogenous, "columns") and not named_as(table[labels[0]], data, labels[0]):
            labels = ["x1"]
            table = table.set_axis(labels, axis=1)
        chosen = list(data.columns if names is None else names)
        twice = [name for name in labels if name in chosen]
        if twice:
            raise SpecificationError(f"{twice} are both variables of the VAR and exogenous. Name them once.")
        return pd.concat([_columns_named(data, chosen), table], axis=1), None, width
    if hasattr(table, "columns"):
        import pandas as pd

        table = by_label(table, pd.RangeIndex(len(data)), "exogenous")
    both = np.column_stack([np.asarray(data), np.asarray(table)])
    own_names = [f"y{place + 1}" for place in range(both.shape[1] - width)] if names is None else list(names)
    return both, [*own_names, *labels], width


def _read(data: object, names: Sequence[Hashable] | None) -> VarData:
    if isinstance(data, Panel):
        return _from_panel(data, names)
    if hasattr(data, "columns") and hasattr(data, "iloc"):
        return _from_frame(data, names)
    if isinstance(data, np.ma.MaskedArray) and data.dtype.kind in "fiub":
        data = np.ma.filled(data.astype(np.float64), np.nan)
    try:
        array = np.asarray(data)
    except ValueError:
        array = np.empty((), dtype=object)
    if array.ndim == 1 and array.dtype != object:
        array = array[:, None]
    if array.ndim != 2:
        raise _no_table(data, array.shape)
    labels = [f"y{place + 1}" for place in range(array.shape[1])] if names is None else list(names)
    if len(labels) != array.shape[1]:
        raise SpecificationError(f"{len(labels)} names for {array.shape[1]} columns: {labels}.")
    columns = [as_floats(array[:, place], label) for place, label in enumerate(labels)]
    return VarData(_checked(np.column_stack(columns) if columns else array, labels), tuple(map(str, labels)))


def rows_of(data: Any) -> int:
    """Rows of a table of whatever type.

    Raises
    ------
    SpecificationError
        If the data are of another type.
    """
    if not hasattr(data, "__len__") or getattr(data, "ndim", 1) == 0:
        raise _no_table(data, ())
    return len(data)


def _no_table(data: object, shape: tuple[int, ...]) -> SpecificationError:
    return SpecificationError(
        f"data must be a DataFrame, an array with a row for each period, or a Panel of one entity; got "
        f"{type(data).__name__} of shape {shape}."
    )


def _columns_named(data: Any, names: Sequence[Hashable]) -> Any:
    """Columns of a table."""
    unknown = [name for name in names if name not in data.columns]
    if unknown:
        meant = columns_meant(str(unknown[0]), [*map(str, data.columns)])
        raise SpecificationError(f"Columns {unknown} are not in the data.{meant} Columns: {list(data.columns)}.")
    return data[list(names)]


def _from_frame(data: Any, names: Sequence[Hashable] | None) -> VarData:
    if names is not None:
        data = _columns_named(data, names)
    labels = list(data.columns)
    if data.index.nlevels > 1:
        raise DataError(
            "The index of the data has several levels, as in a panel, but this takes one entity. Select its rows "
            "and leave time as the index. fit_var_batch fits a VAR to each entity, fit_panel_var one to all, and "
            "panel_unit_root_table has the tests of panels."
        )
    if getattr(data.index, "step", 1) < 0:
        # A RangeIndex that runs backwards: its last row is the first period.
        data = data.iloc[::-1]
    array = data.to_numpy()
    if array.dtype == np.float64:
        values = np.array(array, order="C")
    else:
        values = np.column_stack([as_floats(stored(data.iloc[:, place]), label) for place, label in enumerate(labels)])
    values = _checked(values, labels)
    index: Any = data.index
    text = tuple(map(str, labels))
    if _plainly_consecutive(index):
        return VarData(values, text, index=index)
    if (blank := missing(as_labels(index))) is not None and blank.any():
        raise DataError(f"The index (time) has {int(blank.sum())} missing labels.")
    positions, calendar = read_times(as_labels(index), freq=None, name=str(index.name or "time"))
    return _on_calendar(values, text, positions, index, calendar)


def _plainly_consecutive(index: Any) -> bool:
    """Whether the labels need no calendar: each is the period after the one before, by the index's own rule."""
    import pandas as pd

    if isinstance(index, pd.RangeIndex):
        return True
    if isinstance(index, pd.PeriodIndex):
        return bool((index.asi8[1:] - index.asi8[:-1] == 1).all()) and not index.hasnans
    return isinstance(index, pd.DatetimeIndex) and index.freq is not None and index.freq.n > 0


def _from_panel(panel: Panel, names: Sequence[Hashable] | None) -> VarData:
    if panel.n_entities != 1:
        raise DataError(
            f"The panel has {panel.n_entities} entities; a VAR takes one. Select its rows with panel.where(...). "
            "fit_var_batch fits a VAR to each entity, fit_panel_var one to all."
        )
    chosen = list(panel.names if names is None else names)
    columns = [panel.column(name) for name in chosen]
    values = _checked(np.column_stack(columns) if columns else np.empty((panel.nobs, 0)), chosen)
    return _on_calendar(values, tuple(map(str, chosen)), panel.time_positions, panel.index, panel.calendar)


def _on_calendar(
    values: Array, names: tuple[str, ...], positions: npt.NDArray[Any], index: pd.Index, calendar: Calendar
) -> VarData:
    """Put rows in time order on the full calendar, NaN where a period is absent."""
    steps = np.diff(positions)
    if (steps <= 0).any():
        order = np.argsort(positions, kind="stable")
        positions, values, index = positions[order], values[order], index[order]
        steps = np.diff(positions)
        if (steps == 0).any():
            twice = index[1:][steps == 0]
            extra = f"{count_of(len(twice), 'row repeats', 'rows repeat')} a period"
            raise DataError(f"{extra}, such as {twice[0]}. Every period may occur once.")
    if (steps == 1).all():
        return VarData(values, names, None, index, calendar, tuple(calendar.notes))
    places = positions - positions[0]
    return VarData(on_every_period(values, places), names, places, index, calendar, tuple(calendar.notes))


def _checked(values: Array, labels: Sequence[Hashable]) -> Array:
    """Refuse empty data, repeated names and infinite values."""
    if values.shape[1] == 0 or values.shape[0] == 0:
        raise DataError(f"The data have {values.shape[0]} rows and {values.shape[1]} columns; a VAR needs both.")
    text = list(map(str, labels))
    if twice := repeated(text):
        raise SpecificationError(f"Variable names repeat: {twice}.")
    refuse_infinite(values, text)
    return values


def refuse_infinite(values: Array, text: Sequence[str]) -> None:
    """Refuse infinite values, naming their columns."""
    if not np.isfinite(values).all() and (infinite := np.isinf(values)).any():
        columns = [text[place] for place in np.flatnonzero(infinite.any(axis=0)).tolist()]
        raise DataError(
            f"There are infinite values in the {noun_after(len(columns), 'column')} {', '.join(map(repr, columns))}: "
            f"{int(infinite.sum())} in all, the first in row {int(np.flatnonzero(infinite.any(axis=1))[0])}. A "
            "logarithm of zero is the usual cause."
        )
