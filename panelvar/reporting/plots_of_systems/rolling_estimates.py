"""Coefficients of a vector autoregression in every window of a sample, with their intervals."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from panelvar.core.base.arguments import read_levels, refuse_other
from panelvar.core.base.arrays import Array
from panelvar.core.base.chosen_names import chosen_names
from panelvar.core.base.errors import SpecificationError, choose
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.number_format import format_count
from panelvar.reporting.canvas.canvas import (
    BLUE,
    GREY,
    PALE,
    VERMILLION,
    fitting,
    open_canvas,
    plain_ticks,
    read_shown_names,
    tidy,
    write,
)
from panelvar.reporting.canvas.intervals import in_percent
from panelvar.reporting.canvas.time_axis import TimeAxis
from panelvar.systems.batches.batch_result import VarBatch

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    Patterns = str | re.Pattern[str] | Sequence[str | re.Pattern[str]]

# Panels that a page holds: more coefficients have to be chosen among.
_MOST = 24
# So many are drawn without being asked for.
_UNASKED = 12


@documented
def plot_rolling(
    windows: VarBatch,
    *,
    what: str | None = None,
    keep: Patterns | None = None,
    drop: Patterns | None = None,
    level: float | Sequence[float] = 0.95,
    ax: Axes | Sequence[Axes] | None = None,
    figure: Figure | SubFigure | None = None,
    figsize: Sequence[float] | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure | SubFigure:
    """Draw what `fit_rolling_var` estimates in each window, at the window's last period.

    Parameters
    ----------
    windows : VarBatch
        From `fit_rolling_var`.
    what : {"coefficients", "roots"}, optional
        A panel for each coefficient, with intervals and the estimate of the whole sample; or the largest modulus of the
        companion roots, which is one or more if the system is not stable. The default is coefficients if you choose
        some or there are at most twelve, and roots otherwise.
    keep, drop : str, pattern or sequence of them, optional
        Coefficients to show, or to leave out, by name or pattern: ``"[income]L1.price"``, ``"[income]*"``,
        ``"*L1.*"``.
    level : float or sequence of float
        Coverage of the intervals: one level, or several, such as ``(0.68, 0.95)``, the lower drawn the darker.
    {ax (panels), figure, figsize, title}
    labels : mapping of str to str, optional
        What the plot calls a coefficient, by its name.

    Returns
    -------
    Figure

    Raises
    ------
    SpecificationError
        If it is not a fit of windows, names fit no coefficient, or more than 24 coefficients are left.

    See Also
    --------
    fit_rolling_var : the estimates.
    fluctuation_test : a test that they are the same.

    Notes
    -----
    Each interval is of its window alone. Neighbouring windows share nearly all rows: a line that leaves the band of
    another window is no test of constancy. `fluctuation_test` is one.

    Examples
    --------
    Two coefficients in windows of 80 quarters, with intervals of 95% and the estimates from the whole sample:

    >>> import panelvar as pv
    >>> windows = pv.fit_rolling_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], window=80, lags=1)
    >>> figure = pv.plot_rolling(windows, keep="[unemp]L1.*")
    """
    refuse_other("windows=", windows, VarBatch, "the result of fit_rolling_var")
    sections = windows.windows
    if sections is None:
        raise SpecificationError(
            "This plot draws windows of one sample over time, and these members are not such windows. "
            "fit_rolling_var makes them."
        )
    levels = read_levels(level)
    names = [f"[{equation}]{regressor}" for equation in windows.names for regressor in windows.regressor_names]
    chosen = _chosen(names, keep, drop)
    if what is None:
        asked = keep is not None or drop is not None
        what = "coefficients" if asked or len(chosen) <= _UNASKED else "roots"
    axis = TimeAxis.of(windows.labels)
    rows = f"{format_count(sections.length)} rows"
    foot = f"Samples that begin with {rows} and expand" if sections.expanding else f"Windows of {rows}"
    foot += ", each drawn at its last period"
    if choose("what", what, ("coefficients", "roots")) == "roots":
        canvas = open_canvas(ax, figure, figsize, title, size=(6.8, 3.6))
        _draw_roots(canvas.panels[0], windows, axis)
        canvas.name("Largest modulus of the companion roots")
        canvas.foot(f"{foot}. From one on a system is not stable.")
        return canvas.figure
    if len(chosen) > _MOST:
        raise SpecificationError(
            f"{len(chosen)} coefficients need more panels than the {_MOST} that a page holds. Choose coefficients "
            f"with keep= or drop=, such as keep='[{windows.names[0]}]*'."
        )
    called = read_shown_names(labels, names)
    across = min(len(chosen), 3)
    down = -(-len(chosen) // across)
    size = (max(3.1 * across, 5.0), 2.1 * down + 0.9)
    canvas = open_canvas(ax, figure, figsize, title, panels=len(chosen), columns=across, size=size, sharex=True)
    limits = [windows.conf_int(level=each).to_numpy() for each in levels]
    whole = None if sections.whole is None else sections.whole.params[0].T.ravel().tolist()
    for panel, name in zip(canvas.panels, chosen, strict=True):
        place = names.index(name)
        # Lower limits of all coefficients stand before the upper ones.
        bands = [(each[:, place], each[:, len(names) + place]) for each in limits]
        _draw(panel, windows.params.iloc[:, place], bands, axis)
        if whole is not None:
            panel.axhline(whole[place], color=GREY, linewidth=1.0, linestyle="--", zorder=2)
        write(panel.set_title, called[name], fitting(canvas.panel_width, 9.5), fontsize=9.5)
    for panel in canvas.lowest:
        axis.finish(panel)
    canvas.head("Estimates as the sample expands" if sections.expanding else "Estimates in moving windows")
    whole_sample = "" if whole is None else "; dashed: the whole sample"
    canvas.foot(f"{foot}, with {in_percent(levels)} intervals{whole_sample}.")
    return canvas.figure


def _chosen(names: list[str], keep: Patterns | None, drop: Patterns | None) -> list[str]:
    chosen = names if keep is None else chosen_names("keep", keep, names)
    if drop is not None:
        left_out = set(chosen_names("drop", drop, names))
        chosen = [name for name in chosen if name not in left_out]
    if not chosen:
        raise SpecificationError("keep= and drop= leave no coefficient to draw.")
    return chosen


def _draw(ax: Axes, path: pd.Series, bands: Sequence[tuple[Array, Array]], axis: TimeAxis) -> None:
    for lower, upper in bands:
        ax.fill_between(axis.places, lower, upper, color=BLUE, alpha=0.16, linewidth=0, zorder=1)
    _draw_line(ax, axis, path.to_numpy(), 8.5)
    low, high = ax.get_ylim()
    if low <= 0.0 <= high:
        ax.axhline(0.0, color=PALE, linewidth=0.8, zorder=0)


def _draw_roots(ax: Axes, windows: VarBatch, axis: TimeAxis) -> None:
    largest = windows.moduli.max(axis=1, initial=0.0)
    axis.finish(ax)
    _draw_line(ax, axis, largest, 9)
    explosive = largest >= 1.0
    if explosive.any():
        ax.plot(axis.places[explosive], largest[explosive], "X", color=VERMILLION, markersize=6, zorder=4)
    ax.axhline(1.0, color=GREY, linewidth=1.0, linestyle="--", zorder=1)


def _draw_line(ax: Axes, axis: TimeAxis, values: Array, labelsize: float) -> None:
    """Draw a path over time, few values with dots."""
    dots: dict[str, Any] = {"marker": ".", "markersize": 5} if len(values) <= 30 else {}
    ax.plot(axis.places, values, color=BLUE, linewidth=1.5, zorder=3, **dots)
    plain_ticks(ax)
    ax.margins(x=0.02)
    ax.tick_params(labelsize=labelsize)
    tidy(ax)
