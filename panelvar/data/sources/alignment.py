"""Values that the caller gives beside the data: matched with its rows by label, by one rule wherever they are taken."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import TYPE_CHECKING, Any

from panelvar.core.base.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def has_labels(values: object) -> bool:
    """Whether values bring labels of their own: a Series or a DataFrame."""
    return hasattr(values, "index") and hasattr(values, "reindex")


def by_label(values: Any, rows: pd.Index, what: str) -> Any:
    """Return a Series or table with a value for each row of the data, in their order.

    Its rows may come in any order, and there may be more of them; a row of the data that it does not name is missing.

    Parameters
    ----------
    values : Series or DataFrame
    rows : Index
        Labels of the data's rows.
    what : str
        What the values are, the subject of messages.

    Raises
    ------
    DataError
        If no label is a row of the data, or labels repeat, so that nothing says which value belongs to which row.
    """
    labels = values.index
    if labels is rows or labels.equals(rows):
        return values
    if len(labels) == 0 or labels.nlevels != rows.nlevels or not rows.isin(labels).any():
        first = _first(labels) if len(labels) else "none"
        raise DataError(
            f"No label of {what} is in the index of the data. The first is {first}; the first of the data is "
            f"{_first(rows)}. Give a Series with the index of the data, or an array in the order of the rows of the "
            "data."
        )
    for whose, index in ((what, labels), ("the data", rows)):
        if not index.is_unique:
            raise DataError(
                f"The index of {whose} repeats labels, such as {_first(index[index.duplicated()])}, and {what} has "
                "another index or another order. Nothing says which value belongs to which row. Make it a column of "
                "the data."
            )
    return values.reindex(rows)


def _first(labels: pd.Index) -> str:
    return repr(labels[:1].tolist()[0])


def may_be_called(name: object, columns: Container[object], holds: Callable[[object], bool]) -> bool:
    """Whether the name of a Series may stand for it: there is one, and no column of the data has it and holds others.

    What is computed from a column keeps its name in pandas: ``frame["x"].diff()`` is called x, and is not x.

    Parameters
    ----------
    name : label or None
    columns : container of labels
    holds : callable
        Says whether the column of that name holds the same.
    """
    return name is not None and (name not in columns or holds(name))


def named_as(values: Any, data: Any, name: object) -> bool:
    """Whether a Series may be called what it is called, beside data in whose rows' order it is."""
    return may_be_called(name, data.columns, lambda name: values.astype(object).equals(data[name].astype(object)))
