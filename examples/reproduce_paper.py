"""Reproduce Yin, Meng, Yi, Wang and Hua (2021), table by table, and audit it.

    python examples/reproduce_paper.py [--output DIR]

prints everything and writes it as text, LaTeX and figures. The authors published no data: four of the five series are
RECONSTRUCTED so that the paper's estimates come out (`examples/data/README.md`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from paper import audit, autoregressions, regressions, short_sample
from paper.agreement import Agreement
from paper.source import PRINTED, RECONSTRUCTED, THREE, TWO, Paper
from writing.page import Page, draw_to_files, refresh, use_utf8

import panelvar as pv
from panelvar.plots.scatter import plot_scatter

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "paper.md"


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
            f"agree to the printed digit and {near} are one off in the last.",
            block="count",
        )
    robustness(page, paper)
    roots_and_responses(page, paper)
    referee(page, paper)
    page.close()
    if options.refresh_docs:
        DOCUMENT.write_text(refresh(DOCUMENT, page.blocks), encoding="utf-8")
    return page, agreement


def read_options(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Reproduce Yin et al. (2021) and audit it.")
    parser.add_argument("--output", type=Path, default=Path("output", "paper"), help="folder (default: %(default)s)")
    parser.add_argument("--refresh-docs", action="store_true", help="rewrite the generated parts of docs/paper.md")
    return parser.parse_args(arguments)


def the_data(page: Page, paper: Paper) -> None:
    with page.section("The data, and what is real about them"):
        page.prose(
            "The authors published no data. GDP below is the official figure of each prefecture (100 million yuan). "
            "CII (share of internet users), PCIR and PCIV (income per head of townspeople and villagers, 10,000 yuan) "
            "and LGR (local government revenue, 100 million yuan) are RECONSTRUCTED: a smooth panel solved for so "
            "that the paper's estimates come out. What follows checks the paper's arithmetic, and the library; it is "
            "no new evidence about Sichuan."
        )
        page.table(paper.panel.describe().summary(), "data")


def tables(page: Page, paper: Paper, agreement: Agreement) -> None:
    with page.section("GDP on CII"):
        page.table(regressions.gdp_on_cii(paper, agreement), "gdp_on_cii")
        figure = plot_scatter(paper.panel, "cii", "gdp").figure
        page.figure(figure, "gdp_on_cii", "GDP against CII: three lines that rise, one pooled line that does not.")
    with page.section("Tables 2 and 3 as the paper lays them out"):
        for y, name in regressions.TABLES.items():
            page.table(regressions.as_printed(paper, y), f"{name.lower().replace(' ', '_')}_{y}")
    with page.section("Tables 2 and 3, ours beside the paper"):
        for y in regressions.TABLES:
            page.table(regressions.beside_print(paper, y, agreement), f"beside_{y}")


def vector_autoregressions(page: Page, paper: Paper, agreement: Agreement) -> None:
    for count, names in (("Two", TWO), ("Three", THREE)):
        with page.section(f"{count} variables: equations printed and estimated"):
            page.prose("As printed in the paper:")
            page.equations(paper.system(names).equations(), block=f"equations_{count.lower()}_printed")
            page.prose("Estimated by least squares on the RECONSTRUCTED series of Liangshan:")
            page.equations(
                autoregressions.estimated(paper, names).equations(), block=f"equations_{count.lower()}_estimated"
            )
            counted = agreement if names == TWO else None
            page.table(autoregressions.equations_beside(paper, names, counted), f"var_{count.lower()}")
            # Three variables and three lags leave no residual degrees of freedom.
            longest = 3 if names == TWO else 2
            selection = pv.select_lags(paper.liangshan[list(names)], longest)
            page.table(selection.summary(), f"lags_{count.lower()}")
            spare = selection.nobs - 1 - longest * len(names)
            page.prose(
                f"The longest order leaves {spare} residual degrees of freedom: every criterion prefers it because it "
                f"nearly interpolates, and none can be trusted here."
            )


def robustness(page: Page, paper: Paper) -> None:
    with page.section("Robustness: lagged regressors, a control, a trend"):
        page.prose(
            "Fixed effects with CII and GDP lagged a year, then with a further lagged control, then with a linear "
            "trend. The trend is the column to look at: two series that grow together need no more than that."
        )
        for y in regressions.TABLES:
            page.table(regressions.robustness(paper, y), f"robustness_{y}")
        page.prose(
            "The paper's own robustness figures are not among the published numbers kept here: nothing stands beside "
            "ours."
        )


def roots_and_responses(page: Page, paper: Paper) -> None:
    with page.section("Roots"):
        page.table(autoregressions.roots_table(paper), "roots")
        caption = "Companion roots of both autoregressions, printed coefficients (left) and estimates (right)."
        page.figure(autoregressions.roots_figure(paper), "roots", caption)
    with page.section("Impulse responses"):
        for count, names in (("two", TWO), ("three", THREE)):
            page.table(autoregressions.responses_to_cii(paper, names), f"responses_{count}")
            printed = autoregressions.unit_impulses(paper.system(names))
            caption = "The paper's coefficients: responses to one error moved by one unit. Bands would need the data."
            page.figure(printed.plot(), f"responses_{count}_printed", caption, provenance=PRINTED)
            ours = autoregressions.shocks(autoregressions.estimated(paper, names))
            caption = "Estimates: responses to one standard deviation, with pointwise 95% bands."
            page.figure(ours.plot(), f"responses_{count}_estimated", caption)


def referee(page: Page, paper: Paper) -> None:
    with page.section("A referee's audit"):
        table, rows = audit.sample_size(paper)
        implied, cii, official = audit.implied_means_of_gdp(paper)
        page.prose("(a) How many rows?")
        page.table(table, "audit_rows", provenance=PRINTED)
        page.prose(
            f"The text says 2000 to 2018, {audit.ROWS_IN_TEXT} rows. Every F goes with its R2 at {rows} rows, 2006 to "
            f"2018, and at no other number. The lines of GDP on CII say the same: pooled and fixed effects cross at "
            f"the overall means, GDP {implied:.2f} and CII {cii:.4f}; official GDP of 2006 to 2018 has mean "
            f"{official:.2f}.",
            block="audit_rows_reading",
        )
        page.prose("(b) Which R2, which F?")
        page.table(audit.which_r2(paper, rows), "audit_r2", provenance=PRINTED)
        page.prose(
            "The row called adjusted R2 holds the plain R2 in Table 2; in Table 3 it is adjusted for pooled and fixed "
            "effects and plain for random effects. F of fixed effects tests slopes and prefecture dummies together: "
            "an F of the slopes alone would need another R2. None of this is wrong in EViews; all of it is unsaid in "
            "the paper."
        )
        printed, implied = audit.rounded_twice(paper, rows)
        block = paper.published["panel_tables_2_and_3"]["PCIV"]
        random, pooled = (block[key]["coef"]["cii"] for key in ("random_effects", "pooled"))
        page.prose(
            f"One of the differences of one digit is explained: F implies {implied:.7f} for the adjusted R2 of LGR "
            f"under fixed effects, to four decimals {implied:.4f}; shown with six ({implied:.6f}) and rounded again it "
            f"is the {printed:.4f} in print. Another is the paper's own: PCIV's random-effects coefficient of CII is "
            f"that of pooled OLS, yet {random:.4f} is printed for the one and {pooled:.4f} for the other.",
            block="audit_rounding",
        )
        page.prose("(c) Why do random effects equal pooled OLS?")
        page.table(audit.random_is_pooled(paper, rows), "audit_random")
        page.prose(
            "Swamy and Arora take the variance of the prefecture effect from a regression of the prefectures' means. "
            "Three means and three coefficients fit exactly: no degrees of freedom, no variance. It is taken as 0, and "
            "the estimates are pooled OLS; the library says so in a warning. Only the standard errors differ, because "
            "EViews scales them by the within residual variance: by the ratio above, which the print obeys to its last "
            "digit. They are too small for a model without effects. In the regression of GDP on CII, two coefficients "
            "leave one degree of freedom, and random effects are what they are called."
        )
        sign = abs(paper.equations(TWO)["log_cii"]["log_gdp.L1"])
        page.prose(f"(d) The sign of {sign:.4f}, and what the printed autoregressions imply")
        found = audit.printed_dynamics(paper)
        page.prose(
            f"In print the sign before {sign:.4f} is ambiguous. With a minus the largest root has modulus "
            f"{found.largest_if_minus:.4f}, with a plus {found.largest_if_plus:.5f}: only with the minus is the system "
            f"stable.",
            block="audit_sign",
        )
        possible = ", ".join(map(str, found.peaks_possible))
        first, last = found.negative_years
        page.prose(
            f"With the printed coefficients the response of GDP to an impulse of CII peaks in year {found.peak_year} "
            f"({found.peak:.4f}), and is negative in years {first} to {last}, lowest in year {found.trough_year} "
            f"({found.trough:.4f}). The text says it is subtle for two years and peaks in the sixth. An orthogonalised "
            f"impulse could move GDP on impact as well, by an amount that depends on the unprinted residual "
            f"covariance. Over every such amount, positive or negative, the peak within ten years can fall in these "
            f"years only: {possible}. The sixth year is not among them, nor the sixth period with impact as the first.",
            block="audit_response",
        )
        settled = audit.where_it_settles(paper)
        page.table(settled.table, "audit_levels", provenance=PRINTED)
        low, high = settled.cii[THREE]
        page.prose(
            f"The printed three-variable system is stable and comes to rest where CII, a share, lies between "
            f"{low:.0f} and {high:.0f}; in percent, or in logarithms to base 10, it is no better. Either a printed "
            f"coefficient is wrong, or has lost its sign as {sign:.4f} did, or the equations fit a climb of eleven "
            f"years and describe no level at all. Long-run statements cannot rest on them.",
            block="audit_levels_reading",
        )
        page.prose("(e) What do three clusters and eleven rows allow one to conclude?")
        page.table(audit.three_clusters(paper), "audit_clusters")
        page.prose(
            "Errors of one prefecture are correlated over years, and the classical interval ignores it. The clustered "
            "one does not, but it rests on three clusters, and even so it tends to be too narrow (the library warns). "
            "Three prefectures cannot tell much more, whatever the method."
        )
        eleven = audit.eleven_rows(paper)
        page.prose(
            f"An equation of the two-variable autoregression has {eleven.coefficients} coefficients and {eleven.rows} "
            f"rows. Slopes that differ from zero at 5%: {len(eleven.significant)} of {eleven.slopes} "
            f"({'; '.join(eleven.significant)}). The response of GDP to CII is largest in year {eleven.peak_year}, "
            f"{eleven.peak:.3f} with a 95% band from {eleven.lower:.3f} to {eleven.upper:.3f}, "
            f"{(eleven.upper - eleven.lower) / eleven.peak:.1f} times as wide as the response; the band excludes zero "
            f"in {eleven.years_off_zero} of {eleven.years} years. That CII does not Granger-cause GDP has p = "
            f"{eleven.granger_p:.2f}. The sign of the response is not known, let alone its timing.",
            block="audit_eleven",
        )
    thirteen_years(page, paper)


def thirteen_years(page: Page, paper: Paper) -> None:
    with page.section("What thirteen years allow: bands, residuals, unit roots"):
        found = short_sample.bands(paper)
        page.table(found.table, "bands")
        first, path, after, both = found.off_zero.values()
        page.prose(
            f"Of GDP's response no band excludes zero in any year. Year by year the bands of the three-variable "
            f"autoregression do, in a few: {first} of all {found.cells} cells under the plain bootstrap, {after} after "
            f"the correction of bias. Read as paths, which is how a figure is read, {path} and {both} are left: no "
            f"response to CII is shown to differ from zero. The sup-t band of GDP is {found.wider:.1f} times as wide "
            f"as the pointwise one, on average. Of the bias-corrected draws {found.positive:.0%} have GDP rise in year "
            f"1, {found.peak_first:.0%} peak there, and {found.peak_in_text:.1%} peak in the sixth year, where the "
            f"text has the peak. The three-variable system has a root of {found.largest_root:.2f}: it explodes, its "
            f"bands widen without bound, and the correction of bias, which stops at one, leaves its estimate as it is.",
            block="bands_reading",
        )
        page.table(short_sample.residual_tests(paper), "residual_tests")
        page.prose(
            "With chi-squared limits, which need many rows, residuals look correlated; Rao's F, which allows for few, "
            "does not reject. The three-variable system has no rows left for either. Not to be "
            "rejected is no clean bill here: these tests have next to no power with six or four degrees of freedom."
        )
        page.table(short_sample.unit_roots(paper), "unit_roots")
        power = short_sample.power(len(paper.liangshan))
        roots = ", ".join(f"{share:.0%} of {root:g}" for root, share in power.rejected.items() if root < 1)
        page.prose(
            f"GDP, the official series, keeps its unit root under the first test and loses its trend-stationarity "
            f"under the second. The other series are reconstructed and smooth by construction: what the tests say of "
            f"them is about the reconstruction. And {len(paper.liangshan)} years decide little. Of "
            f"{short_sample.SIMULATED} simulated series of this length the Dickey-Fuller test rejects a unit root at "
            f"5% in {power.rejected[1.0]:.0%} where there is one ({power.by_pvalue:.0%} by its asymptotic p-value), "
            f"and where the root is less, {roots}: it hardly tells them apart.",
            block="unit_roots_reading",
        )
        relations = short_sample.cointegration(paper)
        page.table(relations.table, "relations")
        (plain, _, drawn, wild), (plain_three, _, drawn_three, wild_three) = relations.two, relations.three
        page.prose(
            f"That CII and GDP are unrelated in the long run is not rejected (p = {plain:.2f}, and {drawn:.2f} against "
            f"data sets of the same eleven rows made without a relation, {wild:.2f} with wild errors): by the book, "
            f"the model would be in differences. Of the three variables the asymptotic distribution finds a relation "
            f"with p = {plain_three:.5f}. Data sets as short that have none give a trace as large in "
            f"{drawn_three:.0%}, or {wild_three:.0%}: what was found is the shortness of the sample. With the paper's "
            f"span neither levels nor differences can be shown to be right.",
            block="relations_reading",
        )
        page.prose("Not done here: tests of cointegration in the panel of three prefectures.")


if __name__ == "__main__":
    main()
