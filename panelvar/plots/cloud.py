"""Points of many rows: the more there are, the smaller and paler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from panelvar.base.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FEW = 200
# More points than this are a bitmap in a vector file, which would be megabytes else.
_MANY = 5_000


def draw_cloud(ax: Axes, x: Array, y: Array, colour: str) -> None:
    """Draw a point for each row."""
    few = len(x) <= _FEW
    size, alpha = (18.0, 0.7) if few else (7.0, 0.35)
    ax.scatter(x, y, s=size, alpha=alpha, color=colour, linewidths=0, zorder=2, rasterized=len(x) > _MANY)
