"""What is given of the periods after the data: conditions on variables, and terms beside the lags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from panelvar.core.base.arguments import finite_array, is_number, read_horizon
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import MissingInformationError, NumericalError, SpecificationError
from panelvar.core.base.quoting import shown
from panelvar.data.panel.series import VarData
from panelvar.data.sources.alignment import by_label
from panelvar.data.sources.arrow import from_arrow
from panelvar.kernels.dynamics.terms import Terms


def read_conditions(data: VarData, conditions: Any, steps: int | None) -> Array:
    """Values where the future is given, NaN where it is free, (steps, K)."""
    import pandas as pd

    n_vars = len(data.names)
    ahead = None if steps is None else read_horizon("steps", steps, 1, n_vars**2)
    if isinstance(conditions, Mapping):
        conditions = _lay_side_by_side(data, conditions, ahead)
    if isinstance(conditions, pd.Series):
        conditions = conditions.to_frame()
    if isinstance(conditions, pd.DataFrame):
        table = _arrange_by_period(data, "conditions", conditions, ahead)
        table = table.set_axis(list(map(str, table.columns)), axis=1)
        unknown = [name for name in table.columns if name not in data.names]
        if unknown:
            raise SpecificationError(f"{unknown} are not variables of this system: {list(data.names)}.")
        conditions = table.reindex(columns=list(data.names))
    try:
        given = np.array(conditions, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise SpecificationError(
            f"conditions must be a dict, a DataFrame or an array (steps, {n_vars}) of numbers, NaN where the "
            f"future is free; got {shown(conditions)}."
        ) from None
    if given.ndim != 2 or given.shape[1] != n_vars or not len(given):
        raise SpecificationError(f"conditions have shape {given.shape}; expected (steps, {n_vars}).")
    if np.isinf(given).any() or np.isnan(given).all():
        raise SpecificationError("conditions must hold a finite value somewhere, and NaN where the future is free.")
    if ahead is None:
        return given
    if len(given) > ahead:
        raise SpecificationError(
            f"conditions cover {len(given)} periods, and steps={ahead} ends before the last. Give more steps=, or "
            "fewer conditions."
        )
    return np.concatenate([given, np.full((ahead - len(given), n_vars), np.nan)])


def _lay_side_by_side(data: VarData, conditions: Mapping[Any, Any], steps: int | None) -> Array:
    """Future values of each variable as columns of one table; a number stands for every step."""
    columns: dict[int, float | Array] = {}
    for name, values in conditions.items():
        if str(name) not in data.names:
            raise SpecificationError(f"{[name]} are not variables of this system: {list(data.names)}.")
        if hasattr(values, "index") and hasattr(values, "iloc"):
            values = _arrange_by_period(data, "conditions", values, steps)
        place = data.names.index(str(name))
        columns[place] = float(values) if is_number(values) else _column(f"conditions of {shown(name)}", values)
    lengths = [len(column) for column in columns.values() if isinstance(column, np.ndarray)]
    if columns and not lengths and steps is None:
        raise SpecificationError(
            "A single number is a condition on every step of the forecast. Give steps= to say how many there are."
        )
    given = np.full((max([*lengths, steps or 1]), len(data.names)), np.nan)
    for place, column in columns.items():
        given[: len(column) if isinstance(column, np.ndarray) else None, place] = column
    return given


def future_terms(data: VarData, terms: Terms, steps: int, exogenous: Any) -> Array:
    """Values of the terms beside the lags in the periods after the data."""
    past, first = data.exogenous, len(data.values) + 1
    if past is None:
        if exogenous is not None:
            raise SpecificationError("The model has no exogenous variables. Leave out exogenous=.")
        return terms.rows(first, steps)
    names = list(terms.exogenous)
    if exogenous is None:
        raise MissingInformationError(
            f"A forecast of this model needs the next {count_of(steps, 'value')} of {names}. Give exogenous=."
        )
    exogenous = from_arrow(exogenous)
    if hasattr(exogenous, "index") and hasattr(exogenous, "iloc"):
        exogenous = _arrange_by_period(data, "exogenous", exogenous)
    if hasattr(exogenous, "columns"):
        exogenous = exogenous.set_axis(list(map(str, exogenous.columns)), axis=1)
        absent = [name for name in names if name not in exogenous.columns]
        if absent:
            raise SpecificationError(f"exogenous has no column {absent}; the model's are {names}.")
        exogenous = exogenous[names]
    future = finite_array("exogenous", exogenous)
    future = future[:, None] if future.ndim == 1 and len(names) == 1 else future
    if future.shape != (steps, len(names)):
        raise SpecificationError(f"exogenous has shape {future.shape}; expected {(steps, len(names))}: {names}.")
    known = past[past.shape[0] - terms.exogenous_lags :]
    if not np.isfinite(known).all():
        raise NumericalError(
            "A forecast starts from the last values of the exogenous variables, and some of them are missing."
        )
    return terms.rows(first, steps, np.concatenate([known, future]))


def _arrange_by_period(data: VarData, option: str, table: Any, steps: int | None = None) -> Any:
    """Put a table in the order of a forecast's periods; refuse one whose labels say that it is about others.

    It may leave out periods of a forecast of so many ``steps``, and has rows of missing values for them.
    """
    index = table.index
    if not len(index):
        return table
    ahead = data.future(max(len(index), steps or 0))
    if list(index) == list(range(len(index))) or not data.labels_extend:
        return table
    if index.is_unique and index.isin(ahead).all():
        return by_label(table, ahead, option)
    raise SpecificationError(
        f"The rows of {option} are labelled {index[0]!r} to {index[-1]!r}, but the forecast is of {ahead[0]!r} to "
        f"{ahead[-1]!r}. Give the rows of these periods, or an array."
    )


def _column(what: str, values: Any) -> Array:
    """Numbers of one variable by period, NaN where it is free."""
    try:
        column = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        column = np.empty((0, 0))
    if column.ndim != 1 or not len(column):
        raise SpecificationError(
            f"{what} must be a number, or a list with one number for each period; got {shown(values)}."
        )
    return column
