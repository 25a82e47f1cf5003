"""What the audit prints beside the referee's questions: number by number, lag orders, robustness, roots, responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panelvar as pv
from panelvar.reporting.plots_of_panels.scatter import plot_scatter
from paper import autoregressions, regressions
from paper.agreement import Agreement
from paper.source import PRINTED, THREE, TWO

if TYPE_CHECKING:
    from writing.page import Page

    from paper.regressions import Printed
    from paper.source import Paper


def number_by_number(
    page: Page, paper: Paper, lines: Printed, tables: dict[str, Printed], agreement: Agreement
) -> None:
    with page.section("The data, described"):
        page.table(paper.panel.describe().summary(), "data")
    with page.section("Number by number: ours beside the paper"):
        page.table(regressions.gdp_on_cii(lines), "gdp_on_cii")
        caption = "GDP against CII: three lines that rise, one pooled line that does not."
        page.figure(plot_scatter(paper.panel, x="cii", y="gdp"), "gdp_on_cii", caption)
        for y, compared in tables.items():
            page.table(regressions.beside_print(y, compared), f"beside_{y}")
        for count, names in (("two", TWO), ("three", THREE)):
            page.table(autoregressions.equations_beside(paper, names), f"var_{count}")
        page.table(agreement.table(), "agreement")


def lag_orders(page: Page, paper: Paper) -> None:
    with page.section("How many lags?"):
        for count, names in (("two", TWO), ("three", THREE)):
            # Three variables and three lags leave no residual degrees of freedom.
            longest = 3 if names == TWO else 2
            selection = pv.select_lags(paper.liangshan[list(names)], max_lags=longest)
            page.table(selection.summary(), f"lags_{count}")
            spare = selection.nobs - 1 - longest * len(names)
            page.prose(
                f"The longest order leaves {spare} residual degrees of freedom: every criterion prefers it because it "
                f"nearly interpolates, and none can be trusted here."
            )


def robustness(page: Page, paper: Paper) -> None:
    with page.section("Ours, not the paper's: lagged regressors, a control, a trend"):
        page.prose(
            "The paper describes two checks, the lag of ln CII as the regressor, and urbanization, infrastructure and "
            "the market as controls. It says that estimates have not changed substantially and prints none. These "
            "columns are not that exercise: in levels, fixed effects have CII and GDP lagged a year, then a further "
            "lagged control, then a linear trend. Look at the trend: two series that grow together need no more."
        )
        for y in regressions.TABLES:
            page.table(regressions.robustness(paper, y), f"robustness_{y}")


def roots_and_responses(page: Page, paper: Paper) -> None:
    with page.section("Roots and responses"):
        page.table(autoregressions.roots_table(paper), "roots")
        caption = "Companion roots of both autoregressions, printed coefficients (left) and estimates (right)."
        page.figure(autoregressions.roots_figure(paper), "roots", caption)
        for count, names in (("two", TWO), ("three", THREE)):
            page.table(autoregressions.responses_to_cii(paper, names), f"responses_{count}")
            printed = autoregressions.unit_impulses(paper.system(names))
            caption = "The paper's coefficients: responses to one error moved by one unit. Bands would need the data."
            page.figure(printed.plot(), f"responses_{count}_printed", caption, provenance=PRINTED)
            ours = autoregressions.shocks(autoregressions.estimated(paper, names))
            caption = "Estimates: responses to one standard deviation, with pointwise 95% bands."
            page.figure(ours.plot(), f"responses_{count}_estimated", caption)
