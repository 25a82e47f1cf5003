"""Estimates as marks with their intervals as lines, upright or lying, several results side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.core.base.arrays import Array, Mask
from panelvar.reporting.canvas.canvas import MARKERS, PALETTE, write

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

# Widest and narrowest of the lines that stand for several levels, in points.
_CAPPED, _THIN, _THICK = 1.0, 2.2, 4.4


@dataclass(frozen=True)
class Look:
    """Colour and mark of one result among several."""

    colour: str
    marker: str
    hollow: bool

    @classmethod
    def of(cls, place: int) -> Look:
        """The look of a place; 36 of them differ."""
        n = len(PALETTE)
        return cls(PALETTE[place % n], MARKERS[(place + place // n) % n], place // n % 2 == 1)


def ends(table: pd.DataFrame) -> tuple[Array, Array]:
    """Return the lower and the upper limits that `conf_int` has returned."""
    return table["lower"].to_numpy(), table["upper"].to_numpy()


def in_percent(levels: Sequence[float]) -> str:
    """Write levels from the lowest up: ``68%, 90% and 95%``."""
    texts = [f"{100.0 * level:g}%" for level in sorted(levels)]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def dodged(n_results: int, room: float = 0.62) -> Array:
    """Shifts that put several results side by side about one place."""
    if n_results == 1:
        return np.zeros(1)
    return np.linspace(-0.5, 0.5, n_results) * room * (n_results - 1) / n_results


def draw_estimates(
    ax: Axes,
    places: Array,
    estimates: Array,
    intervals: Sequence[tuple[Array, Array]],
    look: Look,
    *,
    upright: bool,
    size: float = 6.0,
    capped: tuple[Array, Array] | None = None,
    hollow: Mask | None = None,
) -> Any:
    """Draw estimates at places, with intervals from the widest to the narrowest, each thicker than the one before.

    Parameters
    ----------
    capped : (lower, upper), optional
        Limits of a joint band, drawn as the thinnest line, with caps.
    hollow : (n,) array of bool, optional
        Estimates whose marks are not filled.

    Returns
    -------
    artist
        The mark, for a legend.
    """
    lines = ax.vlines if upright else ax.hlines
    if capped is not None:
        lines(places, *capped, color=look.colour, linewidth=_CAPPED, zorder=2)
        cap = "_" if upright else "|"
        for limit in capped:
            at = (places, limit) if upright else (limit, places)
            ax.plot(*at, cap, color=look.colour, markersize=0.9 * size, markeredgewidth=_CAPPED, zorder=2)
    thinnest = _THIN if len(intervals) == 1 else 0.7 * _THIN
    thick = np.linspace(thinnest, _THICK, max(len(intervals), 2)) * min(size / 6.0, 1.0)
    for k, (width, (lower, upper)) in enumerate(zip(thick, intervals, strict=False)):
        # Lighter than the mark, which would be lost on a bar of its own colour.
        lines(places, lower, upper, color=look.colour, linewidth=width, alpha=0.45 if k else 1.0, zorder=2.5)
    filled = np.ones(len(places), dtype=bool) if hollow is None else ~hollow
    mark: Any = None
    for chosen, face in ((filled, "white" if look.hollow else look.colour), (~filled, "white")):
        if chosen.any() or mark is None:
            at = (places[chosen], estimates[chosen]) if upright else (estimates[chosen], places[chosen])
            (artist,) = ax.plot(
                *at,
                linestyle="none",
                marker=look.marker,
                color=look.colour,
                markerfacecolor=face,
                markeredgecolor="white" if face == look.colour else look.colour,
                markeredgewidth=(0.7 if face == look.colour else 1.2) * min(size / 6.0, 1.0),
                markersize=size,
                zorder=3,
            )
            mark = artist if mark is None else mark
    return mark


def draw_ribbon(
    ax: Axes,
    places: Array,
    estimates: Array,
    intervals: Sequence[tuple[Array, Array]],
    look: Look,
    *,
    joint: tuple[Array, Array] | None = None,
) -> Any:
    """Draw estimates as a line within bands, from the widest to the narrowest; limits of a joint band are dashed.

    Returns
    -------
    artist
        The line, for a legend.
    """
    if joint is not None:
        for limit in joint:
            ax.plot(places, limit, color=look.colour, linewidth=0.9, linestyle=(0, (4, 2)), zorder=2)
    for limits in intervals:
        ax.fill_between(places, *limits, color=look.colour, alpha=0.2, linewidth=0, zorder=1.5)
    (line,) = ax.plot(places, estimates, color=look.colour, linewidth=1.6, zorder=2.5)
    return line


def name_places(axis: Axis, places: Array, names: Sequence[str], width: int, most: float = 9.0) -> None:
    """Name places of an axis letter by letter, folded into a width, in letters of at most so many points.

    `panelvar.Math` is set as mathematics.
    """
    from matplotlib.text import Text

    # Ticks take their texts from the axis, so that these are written for themselves first.
    written = [write(lambda text: Text(text=text), name, width) for name in names]
    axis.set_ticks(places, labels=[text.get_text() for text in written])
    for label, text in zip(axis.get_ticklabels(), written, strict=True):
        label.set_usetex(False)
        label.set_parse_math(text.get_parse_math())
        label.set_fontsize(min(max(most, 4.0), 9.0))
