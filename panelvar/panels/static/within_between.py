"""How two columns move together within entities, between them, and over all rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arrays import Array, Integers
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import DataError, Note, emit
from panelvar.data.formulas.expressions import variable
from panelvar.data.panel.panel import Panel

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Line:
    """A least-squares line, held by a point it passes through and by how far it rises over the range of x.

    Rise and run are finite in all units, but their ratio may not be.
    """

    rise: float
    run: float
    at_x: float
    at_y: float

    @property
    def slope(self) -> float:
        """Rise over run; infinite where that leaves the range of numbers."""
        return self.rise / self.run

    def __call__(self, x: Array) -> Array:
        """Height of the line."""
        out: Array = self.at_y + self.rise * ((x - self.at_x) / self.run)
        return out


def least_squares_line(x: Array, y: Array) -> Line | None:
    """Fit a line; None if ``x`` does not vary."""
    deviation = x - x.mean()
    largest = np.abs(deviation).max(initial=0.0)
    # This is judged against the level of x, because what is left of a constant after subtraction is rounding.
    if largest <= 1e-12 * np.abs(x).max(initial=0.0):
        return None
    # The deviation is divided by its size, so that its square stays in range.
    scaled = deviation / largest
    rise = float((scaled @ (y - y.mean())) / (scaled @ scaled))
    return Line(rise, float(largest), float(x.mean()), float(y.mean()))


@dataclass(frozen=True, eq=False)
class WithinBetween:
    """Two columns of a panel, split into what varies within entities and between them.

    Attributes
    ----------
    x, y : (n,) arrays
        Rows with both values.
    codes : (n,) array
        Entity of each row, a place in the means.
    within_x, within_y : (n,) arrays
        Values less their entity's mean, plus the mean of all.
    mean_x, mean_y : (G,) arrays
        Means of entities.
    labels : Index
        The entities.
    pooled, within, between : Line or None
        Lines over all rows, over deviations, over means (each entity once); None where x does not vary.
    """

    x: Array
    y: Array
    codes: Integers
    within_x: Array
    within_y: Array
    mean_x: Array
    mean_y: Array
    labels: pd.Index
    pooled: Line | None
    within: Line | None
    between: Line | None


def within_between(panel: Panel, y: str, x: str) -> WithinBetween:
    """Split two columns of a panel; rows without both values are left out, with a warning that counts them.

    Raises
    ------
    DataError
        If no row has both.
    """
    across, up = variable(panel, x), variable(panel, y)
    both = np.isfinite(across) & np.isfinite(up)
    if not both.any():
        raise DataError(f"No row has both {x!r} and {y!r}, so there is nothing to plot.")
    if not both.all():
        text = f"{(~both).sum()} of {count_of(len(both), 'row')} lack {x!r} or {y!r}, so they are not drawn."
        emit([Note("rows-dropped", text, warn=True)])
    across, up = across[both], up[both]
    present, codes = np.unique(panel.entity_codes[both], return_inverse=True)
    counts = np.bincount(codes)
    means, deviations = [], []
    for values in (across, up):
        # Deviations are from each entity's first value, so that what does not vary within an entity is exactly zero.
        first = values[np.searchsorted(codes, np.arange(len(counts)))]
        moved = values - first[codes]
        shift = np.bincount(codes, moved) / counts
        means.append(first + shift)
        deviations.append(moved - shift[codes])
    within = least_squares_line(*deviations)
    centre_x, centre_y = float(across.mean()), float(up.mean())
    return WithinBetween(
        across,
        up,
        codes,
        deviations[0] + centre_x,
        deviations[1] + centre_y,
        means[0],
        means[1],
        panel.entity_labels[present],
        least_squares_line(across, up),
        None if within is None else replace(within, at_x=centre_x, at_y=centre_y),
        least_squares_line(means[0], means[1]),
    )
