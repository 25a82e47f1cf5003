"""The caller's data as named columns, whatever they came in: read, never written."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import DataError, SpecificationError
from panelvar.core.base.nearest import nearest
from panelvar.core.base.quoting import in_backticks, shown
from panelvar.data.sources.alignment import by_label, has_labels
from panelvar.data.sources.arrow import from_arrow
from panelvar.kernels.linear.columns import FEW_ROWS, Column, StoredColumn

if TYPE_CHECKING:
    import pandas as pd
    from pandas.api.extensions import ExtensionArray


class Coded(NamedTuple):
    """Labels by number: a categorical column or a level of an index.

    Attributes
    ----------
    codes : (n,) integer array
        Position of each row's label in ``labels``; -1 where missing.
    labels : Index
        Distinct labels; some may be unused.
    ordered : bool
        Whether the labels come in the order meant (categories do).
    chosen : bool
        Whether somebody put them in that order, rather than the alphabet.
    """

    codes: NDArray[Any]
    labels: pd.Index
    ordered: bool
    chosen: bool = False


# Numbers with marks that Python does not read: a comma before the decimals, or something that parts the thousands.
_BLANK = "[ '\u00a0\u2009\u202f]"
_MARKED = re.compile(
    rf"[+-]?(\d{{1,3}}({_BLANK}\d{{3}})+([.,]\d+)?|\d{{1,3}}(\.\d{{3}})+,\d+|\d{{1,3}}(\.\d{{3}}){{2,}}"
    r"|\d{1,3}(,\d{3})+(\.\d+)?|\d*,\d+)"
)
# So many values of a column are looked at to say what is in it.
_SAMPLE = 1000
# Stata's i.x, ib3.x, c.x, L.x, L2.x, F.x and D.x.
_PREFIXED = re.compile(r"(?:(?P<factor>ib?)(?P<ref>\d*)|(?P<shift>[LlFf])(?P<k>\d*)|(?P<alone>[cDd]))\.(?P<column>\w+)")
_JOINTS = re.compile(r"\s*[+,;\s]\s*")
"""What several names in one text are joined by."""


Labels: TypeAlias = "NDArray[Any] | ExtensionArray | Coded"


class Source:
    """Columns of a DataFrame, of another library's table, or of a mapping of arrays.

    Parameters
    ----------
    data : DataFrame, table that offers an Arrow stream, or mapping of str to (n,) array

    Raises
    ------
    DataError
        If column names repeat, or arrays are not one-dimensional or have different lengths.
    SpecificationError
        If ``data`` is something else.
    """

    def __init__(self, data: object) -> None:
        data = from_arrow(data)
        # A DataFrame can only arrive if pandas is loaded; plain arrays need not load it.
        pandas = sys.modules.get("pandas")
        self.frame: pd.DataFrame | None = None
        self.arrays: dict[Hashable, Any] = {}
        self.row_labels: pd.Index | None = None
        if pandas is not None and isinstance(data, pandas.DataFrame):
            if not data.columns.is_unique:
                twice = data.columns[data.columns.duplicated()].unique()
                raise DataError(
                    f"Several columns are called {_listing(twice)}, so their names do not tell them apart. Give each "
                    "column its own name."
                )
            if data.columns.nlevels > 1:
                raise DataError("The columns have several levels. Give each column one name.")
            # Rows added, sorted or dropped in place by the caller later must not move under the panel.
            self.frame = data.copy(deep=False)
            self.n_rows = len(data)
        elif isinstance(data, Mapping):
            for name, values in data.items():
                self.arrays[name] = one_dimensional(values, repr(name))
            lengths = {name: len(values) for name, values in self.arrays.items()}
            if len(set(lengths.values())) > 1:
                listing = ", ".join(f"{name!r} ({length})" for name, length in lengths.items())
                raise DataError(f"The arrays differ in length: {listing}.")
            self.n_rows = next(iter(lengths.values()), 0)
            self._match_rows()
        else:
            hint = " Its collect() makes a table of it." if hasattr(data, "collect") else ""
            raise SpecificationError(
                "data must be a DataFrame (of pandas or polars), an Arrow table or a mapping of names to arrays; got "
                f"{type(data).__name__}.{hint}"
            )

    def at(self, rows: NDArray[np.intp]) -> Source:
        """Return the same columns of some rows, given by their places."""
        source = object.__new__(Source)
        source.n_rows = len(rows)
        source.frame = None if self.frame is None else self.frame.take(rows)
        source.arrays = {name: stored(values)[rows] for name, values in self.arrays.items()}
        source.row_labels = None if self.frame is not None else self.index.take(rows)
        return source

    def _match_rows(self) -> None:
        """Put Series among arrays into the order of the first of them."""
        labelled = [name for name, values in self.arrays.items() if has_labels(values)]
        if not labelled:
            return
        self.row_labels = rows = self.arrays[labelled[0]].index
        moved = [name for name in labelled if not self.arrays[name].index.equals(rows)]
        if moved and len(labelled) < len(self.arrays):
            raise DataError(
                f"The Series {labelled[0]!r} and {moved[0]!r} have their rows in different orders, so nothing says "
                "which order the arrays beside them have. Put everything into one DataFrame."
            )
        for name in moved:
            self.arrays[name] = by_label(self.arrays[name], rows, repr(name))

    def beside(self, values: Any, what: str) -> Any:
        """Return values given beside the data in the order of its rows; arrays without labels take a Series' labels."""
        if not has_labels(values):
            return values
        if self.frame is None and self.row_labels is None and len(values) == self.n_rows:
            self.row_labels = values.index
        return by_label(values, self.index, what)

    @property
    def names(self) -> list[Hashable]:
        """Names of the columns."""
        return list(self._names)

    @cached_property
    def _names(self) -> tuple[Hashable, ...]:
        # Reading labels of pandas one by one takes longer than a small fit's algebra.
        return tuple(self.arrays if self.frame is None else self.frame.columns)

    @property
    def index(self) -> pd.Index:
        """Labels of the rows."""
        if self.frame is not None:
            return self.frame.index
        if self.row_labels is not None:
            return self.row_labels
        import pandas as pd

        return pd.RangeIndex(self.n_rows)

    @property
    def levels(self) -> list[Hashable]:
        """Names of the levels of the rows' index, None where a level has no name."""
        return [] if self.frame is None else list(self.frame.index.names)

    @property
    def has_dated_rows(self) -> bool:
        """Whether the rows are labelled by dates or periods."""
        import pandas as pd

        return isinstance(self.index, (pd.DatetimeIndex, pd.PeriodIndex))

    def __contains__(self, name: object) -> bool:
        try:
            return name in self.arrays if self.frame is None else name in self.frame.columns
        except TypeError:
            return False

    def labels(self, name: Hashable) -> Labels:
        """Return a column as labels of rows."""
        return as_labels(self.arrays[name] if self.frame is None else self.frame[name])

    def level(self, number: int) -> Labels:
        """Return a level of the index as labels of rows."""
        assert self.frame is not None
        index: Any = self.frame.index
        if index.nlevels == 1:
            return as_labels(index)
        level = index.levels[number]
        if hasattr(level, "categories"):
            categories = level.categories.take(level.codes)
            return Coded(np.asarray(index.codes[number]), categories, True, _chosen(level))
        return Coded(np.asarray(index.codes[number]), level, bool(level.is_monotonic_increasing))

    def raw(self, name: Hashable) -> NDArray[Any] | ExtensionArray:
        """Return a column as it is stored: an array, or the extension array of a pandas dtype."""
        return stored(self.arrays[name] if self.frame is None else self.frame[name])

    def unknown(self, what: str, name: object, others: Iterable[Hashable] = ()) -> DataError:
        """Make the error for a name that is not there, with the closest one that is."""
        known = [*map(str, self.names), *(str(other) for other in others if other is not None)]
        asked = name if isinstance(name, str) else shown(name)
        hint = columns_meant(asked, known, several=what == "Column")
        if asked in known and name not in (*self.names, *others):
            hint = " A column has that number for its name, and models name columns by texts: data.rename(columns=str)."
        prefixed = _PREFIXED.fullmatch(asked)
        if prefixed and prefixed["column"] in known:
            hint = f" In a formula write {_without_prefix(prefixed)}."
        return DataError(f"{what} {shown(name)} is not in the data.{hint} Columns: {_listing(self.names, 12)}.")

    def rows(self, mask: NDArray[np.bool_]) -> str:
        """Name the first rows where ``mask`` holds."""
        return _listing(self.index[np.flatnonzero(mask)[:4]].tolist(), 3)


def columns_meant(asked: str, known: Collection[str], *, several: bool = True) -> str:
    """Say what a name that is not among the ``known`` ones means: ``several`` columns in one text, or one misspelt."""
    parts = _JOINTS.split(asked)
    if several and len(parts) > 1 and all(each in known for each in parts):
        return f" Write several columns as a list, [{_listing(parts, 12)}]; a formula has a '~'."
    meant = nearest(asked, known)
    return f" Did you mean {meant!r}?" if meant else ""


def refuse_text(data: object) -> None:
    """Refuse a text where the data are expected, as where a formula is given before them."""
    if isinstance(data, str):
        raise SpecificationError(
            f"data={shown(data)} is a text. Give the data first, and names or a formula after them."
        )


def _listing(values: Iterable[Any], most: int = 6) -> str:
    items = [repr(value) for value in values]
    return ", ".join(items[:most]) + (", ..." if len(items) > most else "")


def one_dimensional(values: Any, what: str) -> Any:
    """Return an array-like as a Series, Index, extension array or 1-D array."""
    values = from_arrow(values)
    if not hasattr(values, "dtype"):
        try:
            values = np.asarray(values)
        except ValueError:
            raise DataError(f"{what} holds lists of different lengths; expected a one-dimensional array.") from None
    if getattr(values, "ndim", 1) != 1:
        raise DataError(f"{what} has shape {values.shape}; expected a one-dimensional array.")
    if not isinstance(values, np.ma.MaskedArray):
        return values
    if not np.ma.is_masked(values):
        return np.asarray(values)
    if values.dtype.kind not in "fiub":
        raise DataError(f"{what} has masked values of dtype {values.dtype}. Only numbers can be masked.")
    return np.ma.filled(values.astype(np.float64), np.nan)


def stored(values: Any) -> NDArray[Any] | ExtensionArray:
    """Return the array behind a Series or Index: NumPy's where the dtype is NumPy's."""
    if isinstance(values, np.ndarray):
        return values
    if isinstance(values.dtype, np.dtype):
        array: NDArray[Any] = values.to_numpy()
        return array
    extension: ExtensionArray = getattr(values, "array", values)
    return extension


def as_labels(values: Any) -> Labels:
    """Return a Series, Index or array as labels of rows: categories by number, the rest as stored."""
    array = stored(values)
    categories = getattr(array, "categories", None)
    if categories is not None and hasattr(array, "codes"):
        return Coded(np.asarray(array.codes), categories, True, _chosen(array))
    return array


def _chosen(values: Any) -> bool:
    """Whether the categories are in an order of the caller's: pandas sorts those it finds by itself."""
    return bool(values.ordered) or not values.categories.is_monotonic_increasing


def labels_at(labels: Labels, rows: NDArray[np.intp]) -> Labels:
    """Return the labels of some rows, given by their places."""
    return labels._replace(codes=labels.codes[rows]) if isinstance(labels, Coded) else labels[rows]


def missing(labels: Labels) -> NDArray[np.bool_] | None:
    """Return where labels are missing, or None if they cannot be."""
    if isinstance(labels, Coded):
        return labels.codes < 0
    if isinstance(labels, np.ndarray):
        if labels.dtype.kind in "iubUS":
            return None
        if labels.dtype.kind in "fc":
            return np.isnan(labels)
        if labels.dtype.kind in "mM":
            return np.isnat(labels)
        import pandas as pd

        return np.asarray(pd.isna(labels), dtype=bool)
    return np.asarray(labels.isna(), dtype=bool)


def as_floats(values: NDArray[Any] | ExtensionArray, name: object) -> Array:
    """Return a stored column as float64, the same memory if it is contiguous float64 already.

    Integers and booleans are converted; missing values of pandas' nullable types become NaN.

    Raises
    ------
    DataError
        If the values are not real numbers.
    """
    if isinstance(values, np.ndarray):
        kind = values.dtype.kind
        if kind in "fiub":
            return np.ascontiguousarray(values, dtype=np.float64)
    else:
        from pandas.api.types import is_bool_dtype, is_numeric_dtype

        dtype: Any = values.dtype
        categorical = hasattr(values, "categories")
        if not categorical and dtype.kind != "c" and (is_numeric_dtype(dtype) or is_bool_dtype(dtype)):
            return values.to_numpy(dtype=np.float64, na_value=np.nan)
    raise _not_numeric(values, name)


def as_column(values: NDArray[Any] | ExtensionArray, name: object, order: Positions | None) -> Column:
    """Return a stored column, its rows in an order, for passes over them: a large one without a copy.

    Raises
    ------
    DataError
        If the values are not real numbers.
    """
    if len(values) > FEW_ROWS:
        if isinstance(values, np.ndarray):
            plain = order is None and values.dtype == np.float64 and values.flags.c_contiguous
            if values.dtype.kind in "fiub" and not plain:
                return StoredColumn(values, _in_doubles, order)
        elif _masked(values) and (order is not None or str(values.dtype) != "Float64" or values.isna().any()):
            return StoredColumn(values, _unmasked_doubles, order)
    floats = as_floats(values, name)
    if order is not None:
        if len(values) > FEW_ROWS:
            return StoredColumn(floats, _in_doubles, order)
        floats = floats[order]
    floats = floats[:]
    floats.flags.writeable = False
    return floats


def _in_doubles(values: NDArray[Any]) -> Array:
    return values.astype(np.float64, copy=False)


def _masked(values: Any) -> bool:
    """Whether values are of one of pandas' own nullable types of numbers."""
    kind = getattr(getattr(values.dtype, "numpy_dtype", None), "kind", None)
    return kind in ("f", "i", "u", "b") and not hasattr(values.dtype, "pyarrow_dtype")


def _unmasked_doubles(values: Any) -> Array:
    doubles: Array = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return doubles


def _without_prefix(match: re.Match[str]) -> str:
    """Write a variable with one of Stata's operators before it as formulas here have it."""
    column = match["column"]
    if match["factor"]:
        return f"C({column}, ref={match['ref']})" if match["ref"] else f"C({column})"
    if match["shift"]:
        return f"{match['shift'].upper()}({column}{', ' if match['k'] else ''}{match['k']})"
    return column if match["alone"] == "c" else f"D({column})"


def is_marked(level: object) -> bool:
    """Whether a value is the text of a number with a decimal comma, or with marks that part its thousands."""
    return isinstance(level, str) and _MARKED.fullmatch(level.strip()) is not None


def reader_of(texts: Sequence[str]) -> str:
    """Say how pandas reads numbers that are written with marks for the decimals or the thousands."""
    parting = any(re.search(r",.*[.,]", text) for text in texts)
    # A comma that cannot part thousands: without three digits after it, or with four, or another mark, before it.
    decimal = any(re.search(rf",(?!\d{{3}}(\D|$))|(\d{{4}}|\.\d*|{_BLANK}\d*|^\D*0+|^\D*),", text) for text in texts)
    if any("," in text for text in texts) and parting == decimal:
        return (
            "pandas.read_csv(..., decimal=',') reads them where the comma stands before the decimals, thousands=',' "
            "where it parts the thousands"
        )
    arguments = ["decimal=','"] if decimal else []
    blank = next((found[0] for text in texts if (found := re.search(_BLANK, text.strip()))), None)
    if parting:
        arguments.append("thousands=','")
    elif blank is not None:
        arguments.append(f"thousands={blank!r}")
    elif any("." in text for text in texts):
        arguments.append("thousands='.'")
    return f"pandas.read_csv(..., {', '.join(arguments)}) reads them as numbers"


def _not_numeric(values: NDArray[Any] | ExtensionArray, name: object) -> DataError:
    dtype: Any = values.dtype
    kind = dtype.kind if isinstance(dtype, np.dtype) else ""
    advice = "convert it to numbers first"
    if kind == "c":
        advice = "give its real and imaginary parts as two columns"
    elif kind in ("m", "M") or str(dtype).startswith(("datetime", "period", "timedelta")):
        advice = "dates and durations have no unit by themselves; compute the number meant, or name it as time="
    elif str(dtype) == "category":
        advice = f"write C({name}) in a formula for its indicator columns"
    elif kind in ("O", "U", "S") or str(dtype).startswith("str"):
        texts = [value for value in np.asarray(values[:_SAMPLE], dtype=object) if isinstance(value, str)]
        marked = [text for text in texts if is_marked(text)]
        advice = "if it holds numbers, pandas.to_numeric converts it"
        if len(marked) > 0.5 * len(texts):
            advice = f"its texts are numbers such as {marked[0]!r}, and {reader_of(marked)}"
        elif texts:
            advice = f"it holds texts such as {shown(texts[0])}; if they are numbers, pandas.to_numeric converts them"
        advice += f"; C({in_backticks(str(name))}) in a formula makes indicators of it"
    return DataError(f"Column {name!r} has dtype {dtype}; expected real numbers: {advice}.")
