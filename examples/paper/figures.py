"""Figures 3 to 9 in the paper's layouts, after its text: drawn from the printed coefficients, and from ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import panelvar as pv
from panelvar.reporting.plots_of_panels.scatter import plot_scatter
from panelvar.reporting.plots_of_systems.response_grid import plot_responses
from paper.autoregressions import BANDS, HORIZON, estimated, shocks, unit_impulses
from paper.source import NINE, SPELLED, THREE, TWO

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from panelvar.systems.responses.responses import Responses
    from paper.source import Paper

SCATTERS = {3: "Ganzi", 4: "Aba", 5: "Liangshan"}
# Figure 8: PCIR in the first row, LGR in the third, impulses of CII in the second column.
GRID = ("log_pcir", "log_cii", "log_lgr")


def scatters(paper: Paper) -> Figure:
    """Figures 3 to 5: GDP against CII, in logarithms, one scatter a prefecture."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(10.8, 3.9), layout="constrained")
    figure.get_layout_engine().set(wspace=0.08)
    for ax, (place, prefecture) in zip(axes, SCATTERS.items(), strict=True):
        rows = paper.frame[paper.frame["prefecture"] == prefecture]
        logs = rows[["prefecture", "year"]].assign(log_cii=np.log(rows["cii"]), log_gdp=np.log(rows["gdp"]))
        panel = pv.Panel(logs, entity="prefecture", time="year")
        plot_scatter(panel, x="log_cii", y="log_gdp", ax=ax)
        # One prefecture, one line: the caption says which.
        ax.get_legend().remove()
        ax.set_title(f"Figure {place}: {prefecture}", fontsize=11)
        ax.set(xlabel=SPELLED["log_cii"], ylabel=SPELLED["log_gdp"])
    return figure


def roots(paper: Paper) -> Figure:
    """Figure 6: the roots of the two-variable system, axes as printed."""
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(5.4, 5.4), layout="constrained")
    paper.system(TWO).plot_roots(ax=ax)
    low, high = paper.published["text"]["figure_6"]["axes"]
    ticks = np.arange(low, high + 0.25, 0.5)
    ax.set(xlim=(low, high), ylim=(low, high), xticks=ticks, yticks=ticks)
    return figure


def gdp_to_cii(paper: Paper) -> Figure:
    """Figure 7: the response of GDP to CII, of the printed coefficients and of the estimates."""
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(10.0, 4.2), layout="constrained")
    both = {
        "printed coefficients\nCII's error alone moved by one": unit_impulses(paper.system(TWO)),
        "estimates, reconstructed series\none standard deviation, 95% bootstrap band": shocks(estimated(paper, TWO)),
    }
    for part, (kind, responses) in zip(figure.subfigures(1, 2, wspace=0.05), both.items(), strict=True):
        plot_responses(responses, of="log_gdp", shocks="log_cii", figure=part, labels=_spelled(TWO))
        # Headlines of one and of three lines would leave two panels of different heights.
        part.suptitle("")
        part.axes[0].set_title(kind, fontsize=10)
    return figure


def grid_printed(paper: Paper) -> Figure:
    """Figure 8 of the printed coefficients."""
    return _grid(unit_impulses(paper.system(THREE)))


def grid_estimated(paper: Paper) -> Figure:
    """Figure 8 of the estimates, shocks in the order that its layout implies."""
    return _grid(estimated(paper, THREE).impulse_responses(HORIZON, ordering=GRID, bands=BANDS, level=0.95))


def _grid(responses: Responses) -> Figure:
    # Each panel on its own scale: on a common one the responses to CII are flat, and no peak can be seen.
    return plot_responses(responses, of=GRID, shocks=GRID, share_y="none", labels=_spelled(THREE))


def villages_and_towns(paper: Paper) -> Figure:
    """Figure 9: PCIV and PCIR after an impulse of CII, of our estimates alone: no coefficients are printed."""
    responses = shocks(estimated(paper, NINE))
    return plot_responses(responses, of=NINE[1:], shocks="log_cii", share_y="none", labels=_spelled(NINE))


def _spelled(names: tuple[str, ...]) -> dict[str, str]:
    return {name: SPELLED[name] for name in names}
