"""The paper's panel regressions: GDP on CII, Tables 2 and 3, and the robustness table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panelvar as pv
from panelvar.core.faces.layout import Alignment, Cell, Row, count, number, pairs, words
from panelvar.core.faces.number_format import check_stars, stars_for
from panelvar.core.tables.table import Table
from paper.agreement import EXACT, LEGEND, NEAR, OURS_AND_PAPER, Agreement, Compared, pair
from paper.source import LABELS, STARS

if TYPE_CHECKING:
    from panelvar.panels.static.result import LinearResult
    from paper.source import Paper

ESTIMATORS = {"pooled": "Pooled", "fixed_effects": "Fixed", "random_effects": "Random"}
# Comparisons with the print, by estimator and row.
Printed = dict[tuple[str, str], Compared]
MODELS = {"pooled": "Pooled model", "fixed_effects": "Fixed effects", "random_effects": "Random effects"}
TABLES = {"pcir": "Table 2", "pciv": "Table 2", "lgr": "Table 3"}
TITLES = {
    "Table 2": 'Table 2 Estimation of the relationship between "Internet+" tactics and poverty indicators',
    "Table 3": 'Table 3 Estimation results of the relationship between "Internet+" tactics and LGR',
}
# Why some last digits differ, as far as the print tells.
WHY_APART = {
    "Table 2": (
        "Random effects are pooled OLS here (no effect variance), so 3.9888 should be the 3.9889 of column (1.2)."
    ),
    "Table 3": "The printed F implies 0.9892496, which is 0.9893 only if it is rounded twice.",
}


def three_estimators(paper: Paper, y: str, x: list[str]) -> dict[str, LinearResult]:
    """Pooled OLS, fixed and random effects, reported as EViews reports them."""
    return {
        "pooled": pv.fit_pooled(paper.panel, y, x, convention="eviews"),
        "fixed_effects": pv.fit_fixed_effects(paper.panel, y, x, convention="eviews"),
        "random_effects": pv.fit_random_effects(paper.panel, y, x, convention="eviews"),
    }


def compare_lines(paper: Paper, agreement: Agreement) -> Printed:
    """Compare the regressions of GDP on CII: by estimator, and coefficient or p-value."""
    printed = paper.published["panel_gdp_on_cii"]
    found = {}
    for key, result in three_estimators(paper, "gdp", ["cii"]).items():
        digits = printed["decimals"].get(key, {})
        for name in ("cii", "const"):
            what = f"{ESTIMATORS[key]} {LABELS[name]}"
            for label, ours, which in (
                (what, result.params[name], name),
                (f"{what} p-value", result.pvalues[name], f"p_{name}"),
            ):
                found[key, which] = agreement.add("GDP on CII", label, ours, printed[key][which], digits.get(which, 4))
    return found


def lines(compared: Printed) -> Table:
    """The lines of GDP on CII as the paper prints them, with a mark where ours differs."""

    def cell(number: Compared) -> Cell:
        return Cell(f"{number.printed:.{number.digits}f}", number.printed, "" if number.mark == EXACT else number.mark)

    order = ("const", "p_const", "cii", "p_cii")
    off = sum(number.apart > 0 for number in compared.values())
    return Table(
        title="LGDP = Constant + Slope x CII, as printed",
        header=(Row("", tuple(map(words, ("Constant", "p", "Slope", "p")))),),
        body=tuple(Row(MODELS[key], tuple(cell(compared[key, name]) for name in order)) for key in ESTIMATORS),
        notes=(f"Ours are the same {len(compared)} numbers to the last printed digit." if not off else LEGEND,),
    )


def gdp_on_cii(compared: Printed) -> Table:
    """The regressions of GDP on CII: coefficients and p-values beside the printed ones."""

    def row(label: str, name: str) -> Row:
        return Row(label, tuple(cell for key in ESTIMATORS for cell in pair(compared[key, name])))

    return Table(
        title="GDP on CII, ours beside the paper",
        header=pairs(tuple(ESTIMATORS.values()), OURS_AND_PAPER),
        body=(
            row(LABELS["cii"], "cii"),
            row("  p-value", "p_cii"),
            row(LABELS["const"], "const"),
            row("  p-value", "p_const"),
        ),
        notes=(LEGEND,),
    )


def laid_out(paper: Paper, name: str) -> Table:
    """Table 2 or 3 in the paper's own layout, its numbers, stars and rows ours."""
    columns = _columns(name)
    fits = {y: three_estimators(paper, y, ["cii", "gdp"]) for y in dict.fromkeys(y for _, y in columns)}
    results = [fits[y][key] for key, y in columns]
    body: list[Row] = []
    for term, label in (("cii", "CII"), ("gdp", "LGDP"), ("const", "Constant")):
        above = [number(r.params[term], stars=stars_for(r.pvalues[term], check_stars(STARS))) for r in results]
        below = [Cell(f"({r.std_errors[term]:.4f})", float(r.std_errors[term])) for r in results]
        body += [Row(label, tuple(above), "estimate"), Row(label, tuple(below), "std. error", continues=True)]
    tests = [r.f_statistic for r in results if r.f_statistic is not None]
    foot = (
        Row("R2", tuple(number(r.rsquared) for r in results)),
        Row("Adj. R2", tuple(number(r.rsquared_adjusted) for r in results)),
        # Centred: lined up at their points with the coefficients, they would make six columns too wide for a terminal.
        Row("F", tuple(Cell(f"{t.statistic:.4f}", float(t.statistic), align="center") for t in tests)),
        Row("Prob (F)", tuple(Cell(f"{t.pvalue:.4f}", float(t.pvalue)) for t in tests)),
        Row("Rows", tuple(count(r.nobs) for r in results)),
        Row("Model", tuple(words(ESTIMATORS[key].lower()) for key, _ in columns)),
    )
    return Table(
        title=f"{name}, ours in the paper's layout",
        header=_header(columns),
        body=tuple(body),
        foot=foot,
        notes=("Standard errors in parentheses. * p < 0.05, ** p < 0.01, *** p < 0.001.",),
    )


def compare_with_print(paper: Paper, y: str, agreement: Agreement) -> Printed:
    """Compare one dependent variable's columns of Tables 2 and 3: by estimator and row."""
    printed = paper.published["panel_tables_2_and_3"][LABELS[y]]
    found: Printed = {}
    for key, result in three_estimators(paper, y, ["cii", "gdp"]).items():
        assert result.f_statistic is not None
        pairs_of = {}
        for name in ("cii", "gdp", "const"):
            pairs_of[LABELS[name]] = (result.params[name], printed[key]["coef"][name])
            pairs_of[f"{LABELS[name]} std. error"] = (result.std_errors[name], printed[key]["se"][name])
        (kind,) = [name for name in printed[key] if name.startswith("r2")]
        square = result.rsquared_adjusted if kind.startswith("r2_adjusted") else result.rsquared
        pairs_of["R2"] = (square, printed[key][kind])
        (kind,) = [name for name in printed[key] if name.startswith("F")]
        pairs_of["F"] = (result.f_statistic.statistic, printed[key][kind])
        pairs_of["Prob (F)"] = (result.f_statistic.pvalue, printed[key]["prob_F"])
        for row, (ours, value) in pairs_of.items():
            # With a zero effect variance random effects are pooled OLS: only the standard errors are new numbers. The
            # R2 is a repetition even where the pooled column prints the adjusted one: F gives one from the other.
            repeats = key == "random_effects" and not row.endswith("std. error")
            found[key, row] = agreement.add(LABELS[y], f"{ESTIMATORS[key]} {row}", ours, value, repeats=repeats)
    return found


def as_published(paper: Paper, name: str, compared: dict[str, Printed]) -> Table:
    """Table 2 or 3 as the paper prints it: title, order, digits and stars, with a mark where ours differs."""
    columns = _columns(name)

    def marked(row: str) -> list[tuple[Compared, str]]:
        numbers = [compared[y][key, row] for key, y in columns]
        return [(number, "" if number.mark == EXACT else number.mark) for number in numbers]

    def coefficients(row: str, term: str) -> tuple[Cell, ...]:
        blocks = [paper.published["panel_tables_2_and_3"][LABELS[y]][key] for key, y in columns]
        # Before the number there is the room of the parenthesis below: six columns fill a terminal.
        return tuple(
            Cell(f"{mark}{number.printed:.4f}", number.printed, block["stars"][term])
            for (number, mark), block in zip(marked(row), blocks, strict=True)
        )

    def errors(row: str) -> tuple[Cell, ...]:
        return tuple(Cell(f"({number.printed:.4f}){mark}", number.printed) for number, mark in marked(row))

    def statistics(row: str, align: Alignment = "decimal") -> tuple[Cell, ...]:
        return tuple(Cell(f"{number.printed:.4f}{mark}", number.printed, align=align) for number, mark in marked(row))

    body: list[Row] = []
    for term, label in (("cii", "CII"), ("gdp", "LGDP"), ("const", "Constant")):
        body += [
            Row(label, coefficients(LABELS[term], term), "estimate"),
            Row(label, errors(f"{LABELS[term]} std. error"), "std. error", continues=True),
        ]
    off = [number for y, table in TABLES.items() if table == name for number in compared[y].values() if number.apart]
    ours = "; ".join(f"{number.where} {number.what} {number.ours:.6f}" for number in off)
    return Table(
        title=TITLES[name],
        header=_header(columns),
        body=tuple(body),
        foot=(
            Row("Adj. R2", statistics("R2")),
            Row("F", statistics("F", "center")),
            Row("Prob (F)", statistics("Prob (F)")),
            Row("Model", tuple(words(ESTIMATORS[key]) for key, _ in columns)),
        ),
        notes=(
            "*p < 0.05; **p < 0.01; ***p < 0.001, as printed.",
            f"{NEAR} Ours rounds to the neighbouring last digit: {ours}. All others are the same. {WHY_APART[name]}",
        ),
    )


def _columns(name: str) -> list[tuple[str, str]]:
    """Columns of Table 2 or 3: estimator by estimator, and under each the dependent variables."""
    outcomes = [y for y, table in TABLES.items() if table == name]
    return [(key, y) for key in ESTIMATORS for y in outcomes]


def _header(columns: list[tuple[str, str]]) -> tuple[Row, Row]:
    # Estimator and outcome number the columns of Table 2, the estimator alone those of Table 3.
    places = range(1, len(columns) // len(ESTIMATORS) + 1)
    numbered = [f"({k}.{j})" if len(places) > 1 else f"(1.{k})" for k in (1, 2, 3) for j in places]
    return Row("", tuple(words(LABELS[y]) for _, y in columns)), Row("", tuple(map(words, numbered)))


def beside_print(y: str, compared: Printed) -> Table:
    """One dependent variable of Tables 2 and 3: coefficients, errors, R2 and F beside the printed ones."""

    def row(label: str, of: str) -> Row:
        return Row(label, tuple(cell for key in ESTIMATORS for cell in pair(compared[key, of])))

    body = []
    for name in ("CII", "GDP", "Constant"):
        body += [row(name, name), row("  std. error", f"{name} std. error")]
    which = "adjusted for pooled and fixed, plain for random" if y == "lgr" else "plain, whatever the row is called"
    return Table(
        title=f"{TABLES[y]}: {LABELS[y]} on CII and GDP, ours beside the paper",
        header=pairs(tuple(ESTIMATORS.values()), OURS_AND_PAPER),
        body=tuple(body),
        foot=tuple(row(name, name) for name in ("R2", "F", "Prob (F)")),
        notes=(
            LEGEND,
            f"R2 as in print: {which}. With fixed effects R2 and F count the dummies.",
        ),
    )


def robustness(paper: Paper, y: str) -> Table:
    """Fixed effects of Tables 2 and 3, with regressors lagged a year, with a further control, and with a trend."""
    control = "pcir" if y == "lgr" else "lgr"
    panel = paper.panel.with_columns(trend=paper.panel.column("year") - 2006.0)
    formulas = {
        "not lagged": f"{y} ~ cii + gdp",
        "lagged": f"{y} ~ L(cii) + L(gdp)",
        "+ control": f"{y} ~ L(cii) + L(gdp) + L({control})",
        "+ trend": f"{y} ~ L(cii) + L(gdp) + L({control}) + trend",
    }
    lagged = {f"L({name})": f"{LABELS[name]}, lag 1" for name in ("cii", "gdp", control)}
    table: Table = pv.compare(
        {label: pv.fit_fixed_effects(panel, formula, convention="eviews") for label, formula in formulas.items()},
        stars=STARS,
        labels=LABELS | lagged | {"trend": "Trend"},
        foot=("nobs", "entities", "rsquared", "rsquared_adjusted", "f"),
        title=f"Ours, not the paper's: {LABELS[y]} with lagged regressors, a control, a trend",
    )
    return table
