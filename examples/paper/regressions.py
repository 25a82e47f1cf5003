"""The paper's panel regressions: GDP on CII, Tables 2 and 3, and the robustness table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panelvar as pv
from panelvar.core.faces.layout import Cell, Row, count, number, pairs, words
from panelvar.core.faces.number_format import check_stars, stars_for
from panelvar.core.tables.table import Table
from paper.agreement import LEGEND, OURS_AND_PAPER, Agreement, Compared, pair
from paper.source import LABELS, STARS

if TYPE_CHECKING:
    from panelvar.panels.static.result import LinearResult
    from paper.source import Paper

ESTIMATORS = {"pooled": "Pooled", "fixed_effects": "Fixed", "random_effects": "Random"}
TABLES = {"pcir": "Table 2", "pciv": "Table 2", "lgr": "Table 3"}


def three_estimators(paper: Paper, y: str, x: list[str]) -> dict[str, LinearResult]:
    """Pooled OLS, fixed and random effects, reported as EViews reports them."""
    return {
        "pooled": pv.fit_pooled(paper.panel, y, x, convention="eviews"),
        "fixed_effects": pv.fit_fixed_effects(paper.panel, y, x, convention="eviews"),
        "random_effects": pv.fit_random_effects(paper.panel, y, x, convention="eviews"),
    }


def gdp_on_cii(paper: Paper, agreement: Agreement) -> Table:
    """The regressions of GDP on CII: coefficients and p-values beside the printed ones."""
    results = three_estimators(paper, "gdp", ["cii"])
    printed = paper.published["panel_gdp_on_cii"]
    rows = []
    for name in ("cii", "const"):
        estimates: list[Cell] = []
        pvalues: list[Cell] = []
        for key, result in results.items():
            digits = printed["decimals"].get(key, {})
            what = f"{ESTIMATORS[key]} {LABELS[name]}"
            for cells, label, ours, which in (
                (estimates, what, result.params[name], name),
                (pvalues, f"{what} p-value", result.pvalues[name], f"p_{name}"),
            ):
                cells += pair(agreement.add("GDP on CII", label, ours, printed[key][which], digits.get(which, 4)))
        rows += [Row(LABELS[name], tuple(estimates)), Row("  p-value", tuple(pvalues))]
    return Table(
        title="GDP on CII, ours beside the paper",
        header=pairs(tuple(ESTIMATORS.values()), OURS_AND_PAPER),
        body=tuple(rows),
        notes=(LEGEND,),
    )


def laid_out(paper: Paper, name: str) -> Table:
    """Table 2 or 3 in the paper's own layout, its numbers and stars ours."""
    outcomes = [y for y, table in TABLES.items() if table == name]
    results = {y: three_estimators(paper, y, ["cii", "gdp"]) for y in outcomes}
    # Estimator by estimator, and under each the dependent variables.
    columns = [(key, y, results[y][key]) for key in ESTIMATORS for y in outcomes]
    body: list[Row] = []
    for term, label in (("cii", "CII"), ("gdp", "LGDP"), ("const", "Constant")):
        above = [number(r.params[term], stars=stars_for(r.pvalues[term], check_stars(STARS))) for _, _, r in columns]
        below = [Cell(f"({r.std_errors[term]:.4f})", float(r.std_errors[term])) for _, _, r in columns]
        body += [Row(label, tuple(above), "estimate"), Row(label, tuple(below), "std. error", continues=True)]
    tests = [r.f_statistic for _, _, r in columns]
    assert all(test is not None for test in tests)
    # Estimator and outcome number the columns of Table 2, the estimator alone those of Table 3.
    several = len(outcomes) > 1
    numbered = [words(f"({k}.{j})" if several else f"(1.{k})") for k in (1, 2, 3) for j, _ in enumerate(outcomes, 1)]
    foot = (
        Row("R2", tuple(number(r.rsquared) for _, _, r in columns)),
        Row("Adj. R2", tuple(number(r.rsquared_adjusted) for _, _, r in columns)),
        # Centred: lined up at their points with the coefficients, they would make six columns too wide for a terminal.
        Row("F", tuple(Cell(f"{t.statistic:.4f}", float(t.statistic), align="center") for t in tests if t)),
        Row("Prob (F)", tuple(Cell(f"{t.pvalue:.4f}", float(t.pvalue)) for t in tests if t)),
        Row("Rows", tuple(count(r.nobs) for _, _, r in columns)),
        Row("Model", tuple(words(ESTIMATORS[key].lower()) for key, _, _ in columns)),
    )
    return Table(
        title=f"{name}, ours in the paper's layout",
        header=(Row("", tuple(words(LABELS[y]) for _, y, _ in columns)), Row("", tuple(numbered))),
        body=tuple(body),
        foot=foot,
        notes=(
            "Standard errors in parentheses. * p < 0.05, ** p < 0.01, *** p < 0.001: the printed legend.",
            "The paper has one row of R2, called adjusted: which of the two stands there is part of the audit.",
        ),
    )


def beside_print(paper: Paper, y: str, agreement: Agreement) -> Table:
    """One dependent variable of Tables 2 and 3: coefficients, errors, R2 and F beside the printed ones."""
    results = three_estimators(paper, y, ["cii", "gdp"])
    printed = paper.published["panel_tables_2_and_3"][LABELS[y]]
    where = LABELS[y]

    def compare(key: str, what: str, ours: float, value: float) -> Compared:
        # With a zero effect variance random effects are pooled OLS: only the standard errors are new numbers. The
        # R2 is a repetition even where the pooled column prints the adjusted one: F gives one from the other.
        repeats = key == "random_effects" and not what.endswith("std. error")
        return agreement.add(where, f"{ESTIMATORS[key]} {what}", ours, value, repeats=repeats)

    body = []
    for name in ("cii", "gdp", "const"):
        estimates: list[Cell] = []
        errors: list[Cell] = []
        for key, result in results.items():
            coefficient = compare(key, LABELS[name], result.params[name], printed[key]["coef"][name])
            error = compare(key, f"{LABELS[name]} std. error", result.std_errors[name], printed[key]["se"][name])
            estimates += pair(coefficient)
            errors += pair(error)
        body += [Row(LABELS[name], tuple(estimates)), Row("  std. error", tuple(errors))]
    squares: list[Cell] = []
    fs: list[Cell] = []
    probabilities: list[Cell] = []
    for key, result in results.items():
        (kind,) = [name for name in printed[key] if name.startswith("r2")]
        ours = result.rsquared_adjusted if kind.startswith("r2_adjusted") else result.rsquared
        squares += pair(compare(key, "R2", ours, printed[key][kind]))
        (kind,) = [name for name in printed[key] if name.startswith("F")]
        assert result.f_statistic is not None
        fs += pair(compare(key, "F", result.f_statistic.statistic, printed[key][kind]))
        probabilities += pair(compare(key, "Prob (F)", result.f_statistic.pvalue, printed[key]["prob_F"]))
    which = "adjusted for pooled and fixed, plain for random" if y == "lgr" else "plain, whatever the row is called"
    return Table(
        title=f"{TABLES[y]}: {LABELS[y]} on CII and GDP, ours beside the paper",
        header=pairs(tuple(ESTIMATORS.values()), OURS_AND_PAPER),
        body=tuple(body),
        foot=(Row("R2", tuple(squares)), Row("F", tuple(fs)), Row("Prob (F)", tuple(probabilities))),
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
