"""Time along the bottom of a plot: dates by matplotlib's own ticks, numbers as they are, other labels one by one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.data.calendar.calendar import read_times
from panelvar.data.calendar.time_labels import DateLabels, IntegerLabels, as_text
from panelvar.reporting.canvas.canvas import Canvas, fitting, folded, literal, open_canvas, plain_ticks, tidy, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

# Inches that a label of the axis takes.
_APART = 0.62


@dataclass(frozen=True, eq=False)
class TimeAxis:
    """Where labels of time lie.

    Attributes
    ----------
    places : (n,) array
        Of each label, in the units of the axis: dates as matplotlib counts them, numbers, or positions.
    texts : dict of float to str
        What stands at a place; empty for dates and numbers.
    positions : (n,) array of int, or None
        Periods on the calendar; None for numbers that are not whole, which have no calendar.
    dates : bool
    """

    places: Array
    texts: dict[float, str]
    positions: Positions | None
    dates: bool = False

    @classmethod
    def of(cls, labels: Any) -> TimeAxis:
        """Read an Index of labels, in any order, repeated or not."""
        import pandas as pd

        if labels.dtype.kind == "f":
            return cls(labels.to_numpy(), {}, None)
        periods = isinstance(labels.dtype, pd.PeriodDtype)
        plain = labels.dtype.kind in "iuO" and not periods
        positions, calendar = read_times(labels.to_numpy() if plain else labels.array)
        if periods:
            # A period lies where it starts, in days as matplotlib counts them.
            starts: Any = pd.PeriodIndex(labels).asfreq("D", how="S")
            return cls(starts.asi8.astype(np.float64), {}, positions, dates=True)
        rule = calendar.rule
        if isinstance(rule, DateLabels):
            from matplotlib import dates

            days: Any = rule.unit.dates(calendar.origin + calendar.step * positions) + rule.offset
            to_numbers: Any = dates.date2num
            return cls(np.asarray(to_numbers(days), dtype=np.float64), {}, positions, dates=True)
        if isinstance(rule, IntegerLabels) and rule.style is None:
            return cls((calendar.origin + calendar.step * positions).astype(np.float64), {}, positions)
        places = positions.astype(np.float64)
        texts = {place: as_text(label) for place, label in zip(places.tolist(), labels, strict=True)}
        return cls(places, texts, positions)

    @property
    def apart(self) -> float:
        """The least distance of two places; one of a single place."""
        steps = np.diff(np.unique(self.places))
        return float(steps.min()) if len(steps) else 1.0

    @property
    def adjacent(self) -> Mask:
        """Whether each of successive periods but the first follows the one before, none being absent, (n - 1,).

        Quarters have 90 to 92 days, and a weekend lies between two days of business: the calendar tells.
        """
        if self.positions is not None:
            following: Mask = np.diff(self.positions) == 1
            return following
        steps = np.diff(self.places)
        near: Mask = steps <= 1.3 * np.median(steps) if len(steps) else np.empty(0, dtype=np.bool_)
        return near

    @property
    def ends(self) -> Array:
        """Where each of successive periods ends: where the next begins, or as long after its start as is usual."""
        if len(self.places) < 2:
            return self.places + 1.0
        steps = np.diff(self.places)
        usual = float(np.median(steps))
        ends: Array = self.places + np.append(np.where(self.adjacent, steps, usual), usual)
        return ends

    def at(self, positions: Positions) -> TimeAxis:
        """The axis of some of the periods, by their places on a calendar that it has whole."""
        return replace(self, places=self.places[positions], positions=positions)

    def broken(self, values: Array) -> tuple[Array, Array]:
        """The path of values at the first places, with a hole where a period is absent."""
        holes = np.flatnonzero(~self.adjacent[: max(len(values) - 1, 0)]) + 1
        places = self.places[: len(values)]
        return np.insert(places, holes, places[holes]), np.insert(values, holes, np.nan)

    def finish(self, ax: Axes) -> None:
        """Set the ticks: as many as there is room for."""
        from matplotlib import dates
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        figure: Any = ax.get_figure()
        room = int(ax.get_position().width * figure.bbox.width / figure.dpi / _APART)
        most = min(max(room, 2), 12)
        if self.dates:
            kinds: Any = dates  # matplotlib's dates have no types
            locator = kinds.AutoDateLocator(minticks=2, maxticks=most + 1)
            # Without the next larger unit among them no interval is wide enough for few ticks, and matplotlib warns.
            for unit, steps in ((kinds.MONTHLY, 12), (kinds.HOURLY, 24), (kinds.MINUTELY, 60), (kinds.SECONDLY, 60)):
                locator.intervald[unit] = [*locator.intervald[unit], steps]
            ax.xaxis.set_major_locator(locator)
            ax.xaxis.set_major_formatter(kinds.ConciseDateFormatter(locator))
            return
        ax.xaxis.set_major_locator(MaxNLocator(nbins=most, integer=True, steps=[1, 2, 5, 10], min_n_ticks=2))
        if self.texts:
            ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: self._text(value)))
            literal(*ax.get_xticklabels())

    def _text(self, place: float) -> str:
        return folded(self.texts.get(float(round(place)), ""), 12)

    def finish_panel(self, canvas: Canvas, panel: Axes, name: str | Sequence[str]) -> None:
        """Name a panel of several over time, whose labels are small, and set its ticks."""
        panel.margins(x=0)
        write(panel.set_title, name, fitting(canvas.panel_width, 10 * canvas.scale), fontsize=10 * canvas.scale)
        plain_ticks(panel)
        panel.tick_params(labelsize=8 * canvas.scale)
        self.finish(panel)
        tidy(panel)


def open_panels(
    ax: Axes | Sequence[Axes] | npt.NDArray[Any] | None,
    figure: Figure | SubFigure | None,
    figsize: Sequence[float] | None,
    title: str | None,
    count: int,
    height: float = 2.2,
    **sharing: Any,
) -> Canvas:
    """Find where a panel for each of so many variables is drawn over time: two beside one another, of many three."""
    across = min(count, 2 if count < 7 else 3)
    size = (max(4.0 * across, 5.0), height * math.ceil(count / across) + 0.8)
    return open_canvas(
        ax,
        figure,
        figsize,
        title,
        panels=count,
        columns=across,
        size=size,
        least=2.2,
        named=True,
        sharex=True,
        **sharing,
    )
