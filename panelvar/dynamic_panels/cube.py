"""A panel on its whole calendar: every variable of every entity in every period, and which of them were observed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from panelvar.base.arguments import refuse_cells
from panelvar.base.arrays import Array, Mask
from panelvar.base.errors import NumericalError
from panelvar.data.panel import Panel
from panelvar.data.panel_rows import refuse_infinite

LARGEST = 1e35
"""Size of a variable up to which products of instruments, errors and their weights, eight factors, are numbers."""


class Laid(NamedTuple):
    """Columns laid out by period.

    Attributes
    ----------
    values : (T, N, V) array
        Zero where nothing was observed.
    observed : (T, N, V) bool array
    """

    values: Array
    observed: Mask

    def only(self, places: Sequence[int]) -> Laid:
        """Some of the columns."""
        return Laid(self.values[:, :, list(places)], self.observed[:, :, list(places)])

    def lagged(self, lag: int) -> Laid:
        """The columns some periods earlier; nothing is observed before the first period."""
        values, observed = np.zeros_like(self.values), np.zeros_like(self.observed)
        if lag < len(values):
            values[lag:], observed[lag:] = self.values[: len(values) - lag], self.observed[: len(values) - lag]
        return Laid(values, observed)

    @property
    def complete(self) -> Mask:
        """Which entities have all columns, period by period, (T, N)."""
        return np.asarray(self.observed.all(axis=2))


@dataclass(frozen=True, eq=False)
class PanelCube:
    """Variables of a panel, laid out by period and entity.

    A lag is then a step along the first axis: none reaches across a gap or into another entity.

    Attributes
    ----------
    panel : Panel
    names : tuple of str
        Variables, in the order of the last axis.
    laid : Laid
    """

    panel: Panel
    names: tuple[str, ...]
    laid: Laid

    @classmethod
    def of(cls, panel: Panel, names: Sequence[str], columns: Sequence[Array]) -> PanelCube:
        """Lay out columns of a panel.

        Raises
        ------
        DataError
            Infinite values.
        NumericalError
            A variable larger than `LARGEST`, or all of it smaller than one over that.
        SpecificationError
            More numbers than are laid out at once: mostly a calendar much longer than the entities' rows.
        """
        times = panel.calendar.n_positions
        refuse_cells(f"A dynamic panel of {times} periods", times, panel.n_entities, max(len(names), 1))
        values = np.zeros((times, panel.n_entities, len(names)))
        observed = np.zeros(values.shape, dtype=bool)
        where = panel.time_positions, panel.entity_codes
        for place, (name, column) in enumerate(zip(names, columns, strict=True)):
            refuse_infinite(panel, name, column)
            missing = np.isnan(column)
            known = np.where(missing, 0.0, column)
            size = float(np.abs(known).max(initial=0.0))
            if size and not 1.0 / LARGEST < size < LARGEST:
                raise NumericalError(
                    f"{name!r} is of the size {size:.0e}: its powers, of which the weights of moments are made, leave "
                    "the range of floating-point numbers. Rescale it, say by a power of ten."
                )
            values[(*where, place)] = known
            observed[(*where, place)] = ~missing
        return cls(panel, tuple(names), Laid(values, observed))

    @property
    def n_periods(self) -> int:
        """Periods of the calendar, T."""
        return len(self.laid.values)

    def place(self, name: str) -> int:
        """Where a variable stands."""
        return self.names.index(name)
