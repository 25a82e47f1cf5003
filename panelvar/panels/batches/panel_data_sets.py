"""Many panels of the same variables: arrays of simulated data, or panels and frames one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from panelvar.core.base.arguments import read_labels
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import DataError, SpecificationError
from panelvar.core.base.labels import repeated
from panelvar.core.base.quoting import shown
from panelvar.data.formulas.design import dated_panel
from panelvar.data.panel.panel import Panel

_WANTED = (
    "expected a mapping of names to arrays (data sets, entities, periods), an array (data sets, entities, periods, "
    "variables) with columns=, or a list of Panels or DataFrames with a two-level index"
)


@dataclass(frozen=True, eq=False)
class ArraySets:
    """Data sets of balanced panels in arrays.

    Attributes
    ----------
    columns : mapping
        Arrays (R, N, T); NaN where a row is missing.
    """

    columns: Mapping[str, Array]

    @property
    def _shape(self) -> tuple[int, ...]:
        return next(iter(self.columns.values())).shape

    def __len__(self) -> int:
        return self._shape[0]

    def panel(self, number: int) -> Panel:
        """Return one of them, its entities and periods numbered from 0."""
        _, entities, periods = self._shape
        own = {name: array[number].ravel() for name, array in self.columns.items()}
        # Entities and periods take names that no variable has.
        who, when = (next(f"{word}{tail}" for tail in _TAILS if f"{word}{tail}" not in own) for word in _DIMENSIONS)
        rows = {who: np.repeat(np.arange(entities), periods), when: np.tile(np.arange(periods), entities)}
        return Panel({**rows, **own}, who, when)

    def stacked(self, name: str) -> Array | None:
        """Return a column (data sets, entities, periods) of all of them."""
        return self.columns.get(name)


_DIMENSIONS, _TAILS = ("entity", "time"), ("", "_", "__")


@dataclass(frozen=True, eq=False)
class PanelSets:
    """Panels one after the other.

    Attributes
    ----------
    panels : tuple of Panel
    """

    panels: tuple[Panel, ...]

    def __len__(self) -> int:
        return len(self.panels)

    def panel(self, number: int) -> Panel:
        """Return one of them."""
        return self.panels[number]

    @cached_property
    def _shape(self) -> tuple[int, int] | None:
        """Entities and periods, if every panel has a row for each pair of them."""
        first = self.panels[0]
        entities, periods = first.n_entities, first.nobs // first.n_entities
        regular = np.arange(entities + 1) * periods
        alike = all(
            np.array_equal(panel.starts, regular)
            and bool((panel.time_positions.reshape(entities, periods) == np.arange(periods)).all())
            for panel in self.panels
        )
        return (entities, periods) if alike else None

    def stacked(self, name: str) -> Array | None:
        """Return a column (data sets, entities, periods) of all of them, None where they are not laid out alike."""
        if self._shape is None or not all(name in panel.names for panel in self.panels):
            return None
        return np.stack([panel.column(name).reshape(self._shape) for panel in self.panels])


DataSets: TypeAlias = ArraySets | PanelSets
"""Panels by number."""


def read_data_sets(data: object, names: Sequence[Any] | None) -> DataSets:
    """Read many panels.

    Raises
    ------
    SpecificationError
        If it is neither a sequence of panels nor arrays of several.
    DataError
        If the shapes of arrays do not go together, or arrays have infinite values.
    """
    if names is not None and not hasattr(data, "ndim"):
        raise SpecificationError(
            "columns= are the names of the variables of an array (data sets, ..., variables), and the data are not "
            "one array."
        )
    if isinstance(data, Mapping):
        return _arrays({str(name): values for name, values in data.items()})
    if isinstance(data, (list, tuple)) and data and not np.isscalar(data[0]):
        return PanelSets(tuple(_panel(each, place) for place, each in enumerate(data)))
    if not isinstance(data, np.ndarray) or data.ndim != 4:
        got = f"an array of shape {data.shape}" if isinstance(data, np.ndarray) else f"a {type(data).__name__}"
        raise SpecificationError(f"data is {got}: {_WANTED}.")
    if names is None:
        raise SpecificationError(
            f"An array does not name its {data.shape[-1]} variables. Name them, as in columns=['y', 'x1']."
        )
    labels = list(map(str, read_labels("columns", names)))
    if len(labels) != data.shape[-1] or repeated(labels):
        raise SpecificationError(
            f"columns={shown(labels)} must hold a different name for each "
            f"of the {data.shape[-1]} variables of the array."
        )
    return _arrays({name: data[..., place] for place, name in enumerate(labels)})


def _panel(data: object, place: int) -> Panel:
    try:
        return dated_panel(data)
    except (SpecificationError, DataError) as error:
        raise type(error)(f"Data set {place}: {error}") from error


def _arrays(given: Mapping[str, Any]) -> ArraySets:
    """Bring arrays (R, N, T), and (N, T) of those that are alike in all data sets, to one shape."""
    arrays = {}
    for name, values in given.items():
        array = np.asarray(values)
        if array.dtype.kind not in "fiub" or array.ndim not in (2, 3):
            raise SpecificationError(f"{name!r} is an array of shape {array.shape} and type {array.dtype}; {_WANTED}.")
        arrays[name] = array.astype(np.float64, copy=False)
        if np.isinf(arrays[name]).any():
            raise DataError(f"{name!r} has infinite values.")
    shapes = {array.shape for array in arrays.values() if array.ndim == 3}
    if len(shapes) != 1:
        raise DataError(
            "Arrays (data sets, entities, periods) must have one shape, and at least one of them must have the "
            f"dimension of data sets; got {', '.join(map(str, sorted(shapes))) or 'none'}."
        )
    shape = shapes.pop()
    wrong = [name for name, array in arrays.items() if array.shape != shape[-array.ndim :]]
    if wrong or 0 in shape:
        raise DataError(f"{wrong or 'Arrays'} of shape {[arrays[name].shape for name in wrong] or shape}: {_WANTED}.")
    return ArraySets({name: np.broadcast_to(array, shape) for name, array in arrays.items()})
