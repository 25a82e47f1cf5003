"""Data sets of an array as the members of a batch: their rows for any lag order."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_labels
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import DataError, SpecificationError
from panelvar.kernels.dynamics.batched_lags import triangles
from panelvar.kernels.dynamics.terms import terms_within
from panelvar.systems.batches.member_fits import BatchData
from panelvar.systems.var.published import check_names


@dataclass(frozen=True, eq=False)
class DataSets:
    """Data sets of one shape: values (B, T, K) and what stands beside their lags, (T, d) or (B, T, d)."""

    values: Array
    beside: Array
    exogenous_lags: int

    @property
    def periods(self) -> Positions:
        """Periods of each data set, all alike."""
        return np.full(len(self.values), self.values.shape[1])

    def factors(self, order: int, some: Positions) -> tuple[Array, Positions]:
        """Triangles of [terms, lags, Y] of some data sets, and the rows behind each."""
        n_periods, n_vars = self.values.shape[1:]
        start, count = max(order, self.exogenous_lags), self.beside.shape[-1]
        n_rows, width = max(n_periods - start, 0), count + (order + 1) * n_vars

        def fill(first: int, stop: int, out: Array) -> None:
            # A view will do if it is all of them.
            part = slice(first, stop) if len(some) == len(self.values) else some[first:stop]
            out[:, :, :count] = self.beside[start:] if self.beside.ndim == 2 else self.beside[part, start:]
            for lag in range(order + 1):
                # Lag 0, the variables themselves, stands last.
                column = width - n_vars if lag == 0 else count + (lag - 1) * n_vars
                out[:, :, column : column + n_vars] = self.values[part, start - lag : n_periods - lag]

        return triangles((len(some), n_rows, width), fill), np.full(len(some), n_rows)


def data_sets(
    data: object, names: Sequence[Hashable] | None, exogenous: object, beside: tuple[str, int, int]
) -> tuple[DataSets, BatchData]:
    """Read an array of data sets, and exogenous variables of all of them or of each."""
    try:
        array = np.asarray(data)
    except ValueError:
        raise SpecificationError(
            "The data sets differ in their numbers of periods or variables, so no array holds them. Make a Panel of "
            "them: its entities may have different periods."
        ) from None
    if array.ndim != 3 or array.dtype.kind not in "fiu":
        raise SpecificationError(
            f"data have shape {array.shape}; expected a Panel, a DataFrame with a two-level index, or an array "
            "(data sets, periods, variables) of real numbers."
        )
    values = _whole(array, "array")
    n_members, n_periods, n_vars = values.shape
    labels = (
        [f"y{place + 1}" for place in range(n_vars)] if names is None else list(map(str, read_labels("columns", names)))
    )
    check_names(tuple(labels), n_vars)
    if n_vars == 0 or n_periods == 0:
        raise DataError(f"data of shape {values.shape} have no {'periods' if n_vars else 'variables'}.")
    others = None if exogenous is None else _exogenous_array(exogenous, n_members, n_periods)
    width = 0 if others is None else others.shape[-1]
    terms = terms_within(n_periods, beside[0], beside[1], tuple(f"x{place + 1}" for place in range(width)), beside[2])
    if twice := [name for name in labels if name in terms.exogenous]:
        raise SpecificationError(f"{twice} are the names of exogenous variables of an array. Give other columns=.")
    if others is None or others.ndim == 2:
        rows = terms.over(n_periods, others)
    else:
        rows = np.stack([terms.over(n_periods, own) for own in others])

    import pandas as pd

    index = pd.RangeIndex(n_members, name="data set")
    table = BatchData(index, tuple(labels), terms, _DataSet(values, others))
    return DataSets(values, rows, terms.exogenous_lags), table


def _whole(array: npt.NDArray[Any], what: str) -> Array:
    """An array as floats, without holes."""
    values = array.astype(np.float64, copy=False)
    if not np.isfinite(values).all():
        raise DataError(f"The {what} holds values that are missing or infinite. Use a Panel for data with gaps.")
    return values


def _exogenous_array(exogenous: object, n_members: int, n_periods: int) -> Array:
    """Exogenous variables (T, M) of all data sets or (B, T, M) of each."""
    try:
        array = np.asarray(exogenous)
    except ValueError:
        array = np.empty((), dtype=object)
    array = array[:, None] if array.ndim == 1 else array
    shapes = ((n_periods,), (n_members, n_periods))
    if array.dtype.kind not in "fiu" or array.ndim not in (2, 3) or array.shape[:-1] != shapes[array.ndim - 2]:
        raise SpecificationError(
            f"exogenous has shape {array.shape}; expected an array of real numbers, (periods, variables) or (data "
            f"sets, periods, variables), with the {n_members} data sets and {n_periods} periods of the data."
        )
    return _whole(array, "array of exogenous variables")


@dataclass(frozen=True, eq=False)
class _DataSet:
    """One data set of an array, and its exogenous variables."""

    values: Array
    exogenous: Array | None

    def __call__(self, label: Any, order: int) -> tuple[Array, Array | None]:
        beside = self.exogenous
        return self.values[label], beside if beside is None or beside.ndim == 2 else beside[label]
