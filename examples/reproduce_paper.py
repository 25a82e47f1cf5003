"""Reproduce Yin, Meng, Yi, Wang and Hua (2021), table by table, and audit it.

    python examples/reproduce_paper.py [--output DIR]

prints everything and writes it as text, LaTeX and figures. The article prints no data: four of the five series are
RECONSTRUCTED so that the paper's estimates come out (`examples/data/README.md`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from paper import autoregressions, figures, referee, regressions
from paper.agreement import Agreement
from paper.source import PRINTED, RECONSTRUCTED, THREE, TWO, Paper
from writing.page import Page, draw_to_files, refresh, use_utf8

import panelvar as pv
from panelvar.reporting.plots_of_panels.scatter import plot_scatter

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "studies" / "paper.md"


def main(arguments: list[str] | None = None) -> tuple[Page, Agreement]:
    """Run everything and return what was printed and compared."""
    options = read_options(arguments)
    use_utf8()
    draw_to_files()
    paper, agreement = Paper.read(), Agreement()
    page = Page(options.output, "paper", RECONSTRUCTED)
    source = paper.published["source"]
    work = f"{source['authors']} ({source['year']}), {source['title'].rstrip('.')}."
    page.title(f"{work} {source['journal']}, doi:{source['doi']}: reproduced and audited")
    the_data(page, paper)
    tables(page, paper, agreement)
    vector_autoregressions(page, paper, agreement)
    with page.section("How many printed numbers agree"):
        page.table(agreement.table(), "agreement")
        printed, exact, near = agreement.tally(independent=True)
        page.prose(
            f"Of {printed} independent numbers of the panel regressions and the two-variable autoregression {exact} "
            f"agree to the printed digit and {near} are one off in the last. The series were solved for so that they "
            f"would: that is by construction. What the agreement shows is that all these numbers can come from one "
            f"panel of 39 rows, under one set of conventions, and that the library computes them so.",
            block="count",
        )
    robustness(page, paper)
    roots_and_responses(page, paper)
    referee.printed_regressions(page, paper)
    referee.printed_autoregressions(page, paper)
    referee.few_clusters_and_rows(page, paper)
    referee.thirteen_years(page, paper)
    page.close()
    if options.refresh_docs:
        DOCUMENT.write_text(refresh(DOCUMENT, page.blocks), encoding="utf-8")
    return page, agreement


def read_options(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Reproduce Yin et al. (2021) and audit it.")
    parser.add_argument("--output", type=Path, default=Path("output", "paper"), help="folder (default: %(default)s)")
    parser.add_argument(
        "--refresh-docs", action="store_true", help="rewrite the generated parts of docs/studies/paper.md"
    )
    return parser.parse_args(arguments)


def the_data(page: Page, paper: Paper) -> None:
    with page.section("The data, and what is real about them"):
        page.prose(
            "The article prints no data; it names the statistical bulletins of the prefectures, which are public. GDP "
            "below is the official figure of each prefecture (100 million yuan). CII (communication infrastructure "
            "investment, measured by the share of internet users), PCIR and PCIV (income per head of townspeople and "
            "villagers, 10,000 yuan) and LGR (local government revenue, 100 million yuan) are RECONSTRUCTED: a smooth "
            "panel solved for so that the paper's estimates come out. What follows checks the paper's arithmetic, and "
            "the library; it is no new evidence about Sichuan."
        )
        page.table(paper.panel.describe().summary(), "data")


def tables(page: Page, paper: Paper, agreement: Agreement) -> None:
    with page.section("GDP on CII"):
        page.table(regressions.gdp_on_cii(paper, agreement), "gdp_on_cii")
        figure = plot_scatter(paper.panel, x="cii", y="gdp")
        page.figure(figure, "gdp_on_cii", "GDP against CII: three lines that rise, one pooled line that does not.")
        caption = "GDP against CII in logarithms, a prefecture a figure as in the paper; the line is least squares."
        page.figure(figures.scatters(paper), "figures_3_to_5", caption)
    with page.section("Tables 2 and 3 as the paper lays them out"):
        for name in dict.fromkeys(regressions.TABLES.values()):
            page.table(regressions.laid_out(paper, name), name.lower().replace(" ", "_"))
    with page.section("Tables 2 and 3, ours beside the paper"):
        for y in regressions.TABLES:
            page.table(regressions.beside_print(paper, y, agreement), f"beside_{y}")


def vector_autoregressions(page: Page, paper: Paper, agreement: Agreement) -> None:
    with page.section("The autoregressions of the paper"):
        page.prose(
            "The paper has three, of Liangshan, in logarithms: equation 2 (GDP and CII), equation 5 (CII, LGR and "
            "PCIR) and equation 9 (PCIV and PCIR after an impulse of CII). Coefficients of the first two are printed; "
            "the third is not reproduced. (The text calls GDP the Y of equations 5 and 9 and does not name CII; the "
            "printed equations and the figures have CII.) Neither the years nor the units nor an ordering of the "
            "shocks is stated: 2006 to 2018, the years of the panel, are our assumption."
        )
    for count, names in (("Two", TWO), ("Three", THREE)):
        with page.section(f"{count} variables: equations printed and estimated"):
            page.prose("As printed in the paper:")
            page.equations(autoregressions.printed_equations(paper, names), block=f"equations_{count.lower()}_printed")
            page.prose("Estimated by least squares on the RECONSTRUCTED series of Liangshan:")
            page.equations(
                autoregressions.estimated(paper, names).equations(), block=f"equations_{count.lower()}_estimated"
            )
            counted = agreement if names == TWO else None
            page.table(autoregressions.equations_beside(paper, names, counted), f"var_{count.lower()}")
            # Three variables and three lags leave no residual degrees of freedom.
            longest = 3 if names == TWO else 2
            selection = pv.select_lags(paper.liangshan[list(names)], max_lags=longest)
            page.table(selection.summary(), f"lags_{count.lower()}")
            spare = selection.nobs - 1 - longest * len(names)
            page.prose(
                f"The longest order leaves {spare} residual degrees of freedom: every criterion prefers it because it "
                f"nearly interpolates, and none can be trusted here."
            )


def robustness(page: Page, paper: Paper) -> None:
    with page.section("Ours, not the paper's: lagged regressors, a control, a trend"):
        page.prose(
            "The paper describes two checks and prints no estimates of them: the lag of ln CII as the regressor, and "
            "urbanization, infrastructure and the market as controls. These columns are not that exercise. On the "
            "RECONSTRUCTED series, in levels, fixed effects have CII and GDP lagged a year, then a further lagged "
            "control, then a linear trend. The trend is the column to look at: two series that grow together need no "
            "more than that."
        )
        for y in regressions.TABLES:
            page.table(regressions.robustness(paper, y), f"robustness_{y}")


def roots_and_responses(page: Page, paper: Paper) -> None:
    with page.section("Roots"):
        page.table(autoregressions.roots_table(paper), "roots")
        caption = "Companion roots of both autoregressions, printed coefficients (left) and estimates (right)."
        page.figure(autoregressions.roots_figure(paper), "roots", caption)
        caption = "The paper's figure 6: roots of the two-variable system, printed coefficients."
        page.figure(figures.roots(paper), "figure_6", caption, provenance=PRINTED)
    with page.section("Impulse responses"):
        for count, names in (("two", TWO), ("three", THREE)):
            page.table(autoregressions.responses_to_cii(paper, names), f"responses_{count}")
            printed = autoregressions.unit_impulses(paper.system(names))
            caption = "The paper's coefficients: responses to one error moved by one unit. Bands would need the data."
            page.figure(printed.plot(), f"responses_{count}_printed", caption, provenance=PRINTED)
            ours = autoregressions.shocks(autoregressions.estimated(paper, names))
            caption = "Estimates: responses to one standard deviation, with pointwise 95% bands."
            page.figure(ours.plot(), f"responses_{count}_estimated", caption)
        caption = "The paper's figure 7, GDP to an impulse of CII: printed coefficients (left) and estimates (right)."
        page.figure(figures.gdp_to_cii(paper), "figure_7", caption)
        caption = (
            "The layout of the paper's figure 8, PCIR in the first row, LGR in the third, CII's impulses in the second "
            "column: the paper's coefficients, one error moved by one unit."
        )
        page.figure(figures.grid_printed(paper), "figure_8_printed", caption, provenance=PRINTED)
        caption = "The same layout: estimates, shocks in the order PCIR, CII, LGR that it implies, pointwise 95% bands."
        page.figure(figures.grid_estimated(paper), "figure_8_estimated", caption)
        page.prose(
            "Figure 9, PCIV and PCIR to CII, is not drawn: the paper prints no coefficients of its third "
            "autoregression, and PCIV and PCIR were reconstructed as smooth series, whose responses would say nothing."
        )


if __name__ == "__main__":
    main()
