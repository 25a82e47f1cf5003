"""Reproduce Yin, Meng, Yi, Wang and Hua (2021): its tables, equations and figures.

    python examples/reproduce_paper.py [--audit] [--output DIR]

prints the tables and equations and writes them with the figures. With ``--audit`` a referee's audit follows. The
article prints no data: four of the five series are RECONSTRUCTED so that the paper's estimates come out
(`examples/data/README.md`).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

try:
    from paper import autoregressions, details, figures, referee, regressions
    from paper.agreement import Agreement
    from paper.source import PRINTED, RECONSTRUCTED, THREE, TWO, Paper
    from writing.page import Page, draw_to_files, refresh, use_utf8
except ModuleNotFoundError as missing:
    sys.exit(f"This Python has no {missing.name}. The command in the README installs what this needs.")

STUDIES = Path(__file__).resolve().parent.parent / "docs" / "studies"
DOCUMENTS = (STUDIES / "paper.md", STUDIES / "paper_audit.md")


def main(arguments: list[str] | None = None) -> tuple[Page, Agreement]:
    """Run everything and return what was printed and compared."""
    options = read_options(arguments)
    use_utf8()
    try:
        draw_to_files()
    except ImportError:
        sys.exit("Figures need matplotlib, which this Python does not have. The command in the README installs it.")
    try:
        return reproduce(options)
    except OSError as problem:
        sys.exit(f"{options.output} cannot be written ({problem.strerror}). Give another folder: --output DIR.")


def reproduce(options: argparse.Namespace) -> tuple[Page, Agreement]:
    audited = options.audit or options.refresh_docs
    page = Page(options.output, "paper", RECONSTRUCTED, short=not audited, numbered=False)
    paper, agreement = Paper.read(), Agreement()
    source = paper.published["source"]
    page.title(f"{source['authors']} ({source['year']}), {source['journal']}, doi:{source['doi']}")
    the_data(page)
    lines, tables = estimates(page, paper, agreement)
    equations(page, paper, agreement)
    how_many_agree(page, agreement)
    draw(page, paper)
    if audited:
        details.number_by_number(page, paper, lines, tables, agreement)
        details.lag_orders(page, paper)
        details.robustness(page, paper)
        details.roots_and_responses(page, paper)
        referee.printed_regressions(page, paper)
        referee.printed_autoregressions(page, paper)
        referee.few_clusters_and_rows(page, paper)
        referee.thirteen_years(page, paper)
    page.close()
    if options.refresh_docs:
        for document in DOCUMENTS:
            document.write_text(refresh(document, page.blocks), encoding="utf-8")
    return page, agreement


def read_options(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Reproduce Yin et al. (2021), and audit it.")
    parser.add_argument("--output", type=Path, default=Path("output", "paper"), help="folder (default: %(default)s)")
    parser.add_argument("--audit", action="store_true", help="print everything, with a referee's audit")
    parser.add_argument(
        "--refresh-docs", action="store_true", help="rewrite the generated parts of the paper's pages; implies --audit"
    )
    return parser.parse_args(arguments)


def the_data(page: Page) -> None:
    with page.section("The data"):
        page.prose(
            "Three prefectures, 2006 to 2018. (The text says 2000 to 2018; the printed F and R2 fit 39 rows, and the "
            "mean of GDP tells the years.) The article prints no data. GDP is official (100 million yuan). "
            "CII (the share of internet users), PCIR and PCIV (income per head in town and village, 10,000 yuan) and "
            "LGR (local revenue, 100 million yuan) are RECONSTRUCTED: a smooth panel solved for so that the paper's "
            "estimates come out. What follows checks arithmetic; it says nothing new about Sichuan."
        )


def estimates(
    page: Page, paper: Paper, agreement: Agreement
) -> tuple[regressions.Printed, dict[str, regressions.Printed]]:
    with page.section("Estimation 1 to 3: GDP on CII, Tables 2 and 3"):
        lines = regressions.compare_lines(paper, agreement)
        tables = {y: regressions.compare_with_print(paper, y, agreement) for y in regressions.TABLES}
        page.table(regressions.lines(lines), "lines")
        for name in dict.fromkeys(regressions.TABLES.values()):
            file = name.lower().replace(" ", "_")
            page.table(regressions.as_published(paper, name, tables), f"{file}_published")
            page.table(regressions.laid_out(paper, name), file, shown=False)
    return lines, tables


def equations(page: Page, paper: Paper, agreement: Agreement) -> None:
    with page.section("Estimation 4 to 6: vector autoregressions of Liangshan"):
        autoregressions.compare_equations(paper, agreement)
        for count, names in (("two", TWO), ("three", THREE)):
            printed, ours = autoregressions.equations(paper, names)
            page.equations(printed, block=f"equations_{count}_printed")
            page.equations(ours, block=f"equations_{count}_ours", shown=False)
        page.prose(
            "Our estimates of equations 3 and 4 are the same to the last digit. The reconstruction did not aim at "
            "equations 6 to 8, and ours differ. The paper prints no coefficients of equation 9. Ours are in paper.txt.",
        )
        page.equations(autoregressions.equation_nine(paper), block="equations_nine", shown=False)


def how_many_agree(page: Page, agreement: Agreement) -> None:
    printed, exact, near = agreement.tally(independent=True)
    with page.section("How many printed numbers agree"):
        page.prose(
            f"{exact} of {printed} independent numbers of the regressions and equations 3 and 4 agree to the last "
            f"printed digit; {near} differ by one in it. The series were solved for so that they would: this shows "
            f"only that one panel of 39 rows and one set of conventions give all of them.",
            block="count",
        )


def draw(page: Page, paper: Paper) -> None:
    with page.section("Figures 3 to 9", shown=False):
        caption = "Figures 3 to 5: GDP against CII in logarithms, a prefecture a figure; the line is least squares."
        page.figure(figures.scatters(paper), "figures_3_to_5", caption)
        caption = "Figure 6: roots of the two-variable system, printed coefficients."
        page.figure(figures.roots(paper), "figure_6", caption, provenance=PRINTED)
        caption = "Figure 7, GDP to an impulse of CII: printed coefficients (left) and estimates (right)."
        page.figure(figures.gdp_to_cii(paper), "figure_7", caption)
        caption = (
            "Figure 8, nine responses: PCIR in the first row, LGR in the third, CII's impulses in the second column. "
            "The paper's coefficients, one error moved by one unit."
        )
        page.figure(figures.grid_printed(paper), "figure_8_printed", caption, provenance=PRINTED)
        caption = "Figure 8, estimates: shocks in the order PCIR, CII, LGR that it implies, pointwise 95% bands."
        page.figure(figures.grid_estimated(paper), "figure_8_estimated", caption)
        caption = (
            "Figure 9, PCIV and PCIR to an impulse of CII, which comes first: ours alone, since the paper prints no "
            "coefficients. One standard deviation, pointwise 95% bands."
        )
        page.figure(figures.villages_and_towns(paper), "figure_9", caption)


if __name__ == "__main__":
    main()
