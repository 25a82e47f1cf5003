"""Analytic weights of the rows of a stream."""

from __future__ import annotations

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import DataError
from panelvar.data.streams.dimensions import Dimension
from panelvar.data.streams.reading import Part, Reading
from panelvar.data.streams.row_values import RowValues
from panelvar.data.streams.streamed_rows import StreamedColumns


class WeightColumn(RowValues):
    """Weights of mean one.

    Parameters
    ----------
    reading : Reading
    place : int
        Which of its columns they are.

    Raises
    ------
    DataError
        If weights are not positive.
    """

    def __init__(self, reading: Reading, place: int) -> None:
        super().__init__(reading, self._weigh)
        self.place = place
        unit = np.zeros((len(reading.columns), 1))
        unit[place] = 1.0
        self._column = StreamedColumns(reading, unit)
        if reading.survey.smallest[place] <= 0.0:
            raise self._make_error()
        self._mean = float(self._column.sums_by(reading.survey.entities).sum()) / reading.nobs

    def _make_error(self) -> DataError:
        """Say how many weights are not positive, and where the first is."""
        wrong, first = 0, ""
        for part in self.reading.parts():
            bad = part.columns[self.place][:] <= 0.0
            if bad.any():
                first = first or part.row(int(bad.argmax()))
                wrong += int(bad.sum())
        return DataError(f"Weights must be strictly positive; {wrong} are not, first that of {first}.")

    def _weigh(self, part: Part) -> Array:
        """Return the weights of the rows of a chunk."""
        return part.columns[self.place][:] / self._mean

    def mass_by(self, dimension: Dimension) -> Array:
        """Return the sum of the weights in each group, (G,)."""
        mass: Array = self._column.sums_by(dimension)[:, 0] / self._mean
        return mass
