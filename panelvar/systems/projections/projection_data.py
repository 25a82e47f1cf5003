"""The data of local projections: a system's variables and, beside them, a shock, instruments, a state, controls."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from panelvar.core.base.arguments import read_labels
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import DataError, Note, SpecificationError
from panelvar.core.base.quoting import shown
from panelvar.data.panel.panel import Panel
from panelvar.data.panel.series import VarData, as_table, read_var_data, rows_of
from panelvar.data.sources.alignment import by_label, has_labels, named_as


@dataclass(frozen=True, eq=False)
class ProjectionData:
    """Everything by calendar period, NaN where it is absent or missing.

    Parameters
    ----------
    table : VarData
        Variables, and exogenous variables beside them.
    shock : array (P, 1) or None
    shock_name : str
    in_system : bool
        Whether the shock is one of the variables.
    instruments : array (P, q) or None
    instrument_names : tuple of str
    state : array (P, 1) or None
        Zeros and ones.
    state_name : str
    """

    table: VarData
    shock: Array | None = None
    shock_name: str = ""
    in_system: bool = False
    instruments: Array | None = None
    instrument_names: tuple[str, ...] = ()
    state: Array | None = None
    state_name: str = ""


def read_projection_data(
    data: Any, names: Sequence[Hashable] | None, shock: Any, instruments: Any, exogenous: Any, state: Any = None
) -> ProjectionData:
    """Read variables and what stands beside them; a Series is matched by its labels, an array by position.

    Without ``names`` the variables are all columns but those given another part; an instrumented shock stays one.

    Raises
    ------
    DataError
        As `panelvar.data.panel.series.read_var_data`, labels do not match, or the state is not of zeros and ones.
    """
    names = None if names is None else read_labels("columns", names)
    data, names = as_table(data, names)
    in_system = isinstance(shock, str) and (shock in names if names is not None else instruments is not None)
    parts = {
        "shock": None if in_system else shock,
        "instrument": instruments,
        "state": state,
        "exogenous": exogenous,
    }
    given = {role: part for role, part in parts.items() if part is not None}
    _require_names(data, given)
    if not given:
        table, widths = read_var_data(data, names), []
    elif all(_is_names(part) for part in given.values()):
        lists = [[part] if isinstance(part, str) else list(part) for part in given.values()]
        table = read_var_data(data, names, [name for one in lists for name in one])
        widths = [len(one) for one in lists]
    else:
        names, beside, widths = _side_by_side(data, names, given)
        table = read_var_data(data, names, beside)
    pieces: dict[str, tuple[Array, tuple[str, ...]]] = {}
    start = 0
    for role, width in zip(given, widths, strict=True):
        assert table.exogenous is not None
        pieces[role] = (table.exogenous[:, start : start + width], table.exogenous_names[start : start + width])
        start += width
    own, own_names = pieces.get("exogenous", (None, ()))
    table = replace(table, exogenous=own, exogenous_names=own_names)
    values, label = pieces.get("shock", (None, ()))
    regime, regime_names = pieces.get("state", (None, ()))
    for option, column in (("shock", values), ("state", regime)):
        if column is not None and column.shape[1] != 1:
            raise SpecificationError(f"{option}= has {column.shape[1]} columns. Give one {option} at a time.")
    if regime is not None:
        _require_states(regime, regime_names[0])
    if in_system:
        if shock not in table.names:
            raise SpecificationError(f"shock={shown(shock)} is not a variable of the system: {list(table.names)}.")
        values, label = table.values[:, [table.names.index(shock)]], (shock,)
    tools, tool_names = pieces.get("instrument", (None, ()))
    return ProjectionData(
        table,
        values,
        label[0] if label else "",
        in_system,
        tools,
        tool_names,
        regime,
        regime_names[0] if regime_names else "",
    )


def without_shock_lags(shock: str) -> Note:
    """What it takes for granted to leave the lags of an observed shock out."""
    text = (
        f"No lag of {shown(shock)} is a control (shock_lags=0). If its past predicts it, its responses are partly "
        "those to earlier shocks."
    )
    return Note("no-shock-lags", text)


def _require_states(values: Array, name: str) -> None:
    there = values[np.isfinite(values)]
    if not np.isin(there, (0.0, 1.0)).all():
        raise DataError(f"The state {shown(name)} must be of zeros and ones.")
    if len(np.unique(there)) < 2:
        raise DataError(f"The state {shown(name)} never changes, so there is one response. Leave state= out.")


def _require_names(data: Any, given: dict[str, Any]) -> None:
    """Refuse names of columns that do not exist, by the part they were to play."""
    known = data.names if isinstance(data, Panel) else getattr(data, "columns", None)
    for role, part in given.items():
        if known is None or not _is_names(part):
            continue
        unknown = [name for name in ([part] if isinstance(part, str) else part) if name not in known]
        if unknown:
            raise SpecificationError(f"{role} columns {unknown} are not in the data. Columns: {list(known)}.")


def _is_names(part: Any) -> bool:
    listed = [part] if isinstance(part, str) else part
    return isinstance(listed, (list, tuple)) and bool(listed) and all(isinstance(name, str) for name in listed)


def _side_by_side(
    data: Any, names: Sequence[Hashable] | None, given: dict[str, Any]
) -> tuple[Sequence[Hashable] | None, Any, list[int]]:
    """Names of the variables, a table of everything else, and how many columns each part has."""
    import pandas as pd

    if not hasattr(data, "columns"):
        count = rows_of(data)
        rows = pd.RangeIndex(count)
        parts = {role: by_label(part, rows, role) if has_labels(part) else part for role, part in given.items()}
        tables = [_by_position(part, role, count, rows) for role, part in parts.items()]
        return names, pd.concat(tables, axis=1), [table.shape[1] for table in tables]
    tables = [_labelled(data, role, part) for role, part in given.items()]
    taken = {name for table in tables for name in table.columns}
    if names is None:
        names = [name for name in data.columns if name not in taken]
    return names, pd.concat(tables, axis=1), [table.shape[1] for table in tables]


def _labelled(data: Any, role: str, part: Any) -> Any:
    if _is_names(part):
        return data[[part] if isinstance(part, str) else list(part)]
    if has_labels(part):
        values = by_label(part, data.index, role)
        if hasattr(values, "columns"):
            return values
        return values.to_frame(values.name if named_as(values, data, values.name) else role)
    return _by_position(part, role, len(data), data.index)


def _by_position(part: Any, role: str, count: int, index: Any) -> Any:
    import pandas as pd

    array = np.asarray(part)
    if array.ndim not in (1, 2):
        raise SpecificationError(f"{role}={shown(part)} must be column names or values, one for each row of the data.")
    array = array[:, None] if array.ndim == 1 else array
    if len(array) != count:
        raise DataError(f"{role} has {len(array)} rows; the data have {count}.")
    labels = [role] if array.shape[1] == 1 else [f"{role}{place + 1}" for place in range(array.shape[1])]
    return pd.DataFrame(array, index=index, columns=labels)
