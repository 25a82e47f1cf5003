"""The paper's panel regressions: GDP on CII, Tables 2 and 3, and the robustness table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panelvar as pv
from panelvar.tables.layout import Cell, Row
from panelvar.tables.table import Table
from paper.agreement import LEGEND, Agreement, Compared, pair, paired_header
from paper.source import LABELS, STARS

if TYPE_CHECKING:
    from panelvar.static_panels.result import LinearResult
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
            # Fixed- and random-effects slopes are printed to three decimals, everything else to four.
            digits = 3 if name == "cii" and key != "pooled" else 4
            what = f"{ESTIMATORS[key]} {LABELS[name]}"
            coefficient = agreement.add("GDP on CII", what, result.params[name], printed[key][name], digits)
            pvalue = agreement.add("GDP on CII", f"{what} p-value", result.pvalues[name], printed[key][f"p_{name}"])
            estimates += pair(coefficient)
            pvalues += pair(pvalue)
        rows += [Row(LABELS[name], tuple(estimates)), Row("  p-value", tuple(pvalues))]
    return Table(
        title="GDP on CII, ours beside the paper",
        header=paired_header(tuple(ESTIMATORS.values())),
        body=tuple(rows),
        notes=(LEGEND,),
    )


def as_printed(paper: Paper, y: str) -> Table:
    """A dependent variable of Tables 2 and 3 in the paper's form: estimators side by side, errors below, stars."""
    results = three_estimators(paper, y, ["cii", "gdp"])
    table: Table = pv.compare(
        {ESTIMATORS[key]: result for key, result in results.items()},
        stars=STARS,
        labels=LABELS,
        foot=("nobs", "entities", "rsquared", "rsquared_adjusted", "rsquared_kind", "f"),
        title=f"{TABLES[y]}: {LABELS[y]} on CII and GDP",
    )
    return table


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
    for key, result in results.items():
        (kind,) = [name for name in printed[key] if name.startswith("r2")]
        ours = result.rsquared_adjusted if kind.startswith("r2_adjusted") else result.rsquared
        squares += pair(compare(key, "R2", ours, printed[key][kind]))
        (kind,) = [name for name in printed[key] if name.startswith("F")]
        assert result.f_statistic is not None
        fs += pair(compare(key, "F", result.f_statistic.statistic, printed[key][kind]))
    which = "adjusted for pooled and fixed, plain for random" if y == "lgr" else "plain, whatever the row is called"
    return Table(
        title=f"{TABLES[y]}: {LABELS[y]} on CII and GDP, ours beside the paper",
        header=paired_header(tuple(ESTIMATORS.values())),
        body=tuple(body),
        foot=(Row("R2", tuple(squares)), Row("F", tuple(fs))),
        notes=(
            LEGEND,
            f"R2 as in print: {which}. With fixed effects R2 and F count the dummies.",
        ),
    )


def robustness(paper: Paper, y: str) -> Table:
    """Fixed effects as printed, with regressors lagged a year, with a further control, and with a trend."""
    control = "pcir" if y == "lgr" else "lgr"
    panel = paper.panel.with_columns(trend=paper.panel.column("year") - 2006.0)
    formulas = {
        "as printed": f"{y} ~ cii + gdp",
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
        title=f"Robustness of {LABELS[y]}: fixed effects, lagged regressors, a control, a trend",
    )
    return table
