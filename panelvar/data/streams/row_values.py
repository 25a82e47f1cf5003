"""Values of the rows of a stream that no array holds: computed of the chunk in hand, whenever it is passed over."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from panelvar.core.base.arrays import Array
from panelvar.data.panel.model_rows import all_finite
from panelvar.data.streams.dimensions import Dimension
from panelvar.data.streams.reading import Part, Reading, no_rows


class RowValues(NDArrayOperatorsMixin):
    """A column with a value for each row; functions of it, element by element, are such columns again.

    An array of all rows that is combined with one is filled in a pass over the data.

    Parameters
    ----------
    reading : Reading
    of_part : callable
        Returns the values of the rows of a chunk.
    """

    def __init__(self, reading: Reading, of_part: Callable[[Part], Array]) -> None:
        self.reading = reading
        self.of_part = of_part

    def __len__(self) -> int:
        return self.reading.nobs

    def __getitem__(self, rows: slice) -> Array:
        part = self.reading.part
        return self.of_part(part)[rows.start - part.start : rows.stop - part.start]

    def __array_ufunc__(self, function: np.ufunc, method: str, *inputs: Any, out: Any = (), **options: Any) -> Any:
        if method != "__call__" or options:
            return NotImplemented
        made = RowValues(self.reading, partial(_combine_parts, function, inputs))
        if not out and not any(isinstance(each, np.ndarray) and each.ndim for each in inputs):
            return made
        values = out[0] if out else np.empty(len(self))
        for part in self.reading.parts():
            values[part.start : part.stop] = made.of_part(part)
        return values

    def __array__(self, *options: Any, **named: Any) -> NoReturn:
        """Refuse to be an array of all rows, for what computes with one."""
        raise no_rows("A transformed constant, or a weight,")

    def mass_by(self, dimension: Dimension) -> Array:
        """Return the sum of the values in each group, (G,), in a pass over the data."""
        sums = np.zeros((dimension.n_groups, 1))
        for part in self.reading.parts((dimension,)):
            part.local(dimension).add_sums([self.of_part(part)], sums)
        return sums[:, 0]

    def sum(self) -> float:
        """Return the sum over all rows, in a pass over the data."""
        return sum(float(self.of_part(part).sum()) for part in self.reading.parts())


def _combine_parts(function: np.ufunc, inputs: tuple[Any, ...], part: Part) -> Array:
    """Return a function of columns, of arrays of all rows and of numbers at the rows of a chunk."""
    values: list[Any] = []
    for given in inputs:
        if isinstance(given, RowValues):
            values.append(given.of_part(part))
        else:
            values.append(given[part.start : part.stop] if isinstance(given, np.ndarray) and given.ndim else given)
    combined: Array = function(*values)
    return combined


def numeric_column(reading: Reading, name: str) -> RowValues:
    """Return a column of the data that may be none of the model's."""
    reading.want_numbers(name)
    return RowValues(reading, partial(_finite_numbers, name))


def _finite_numbers(name: str, part: Part) -> Array:
    return all_finite(name, part.numbers(name))
