"""Panels whose past is among the regressors: employment in British firms, and the budgets of Swedish municipalities.

    python examples/employment_and_grants.py [--output DIR]

prints everything and writes it as text, LaTeX and figures. Data: `examples/data/README.md`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from writing.page import Page, draw_to_files, refresh, use_utf8

import panelvar as pv
from panelvar.core.faces.layout import Row, count, number, probability, words
from panelvar.core.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "examples" / "data"
DOCUMENT = ROOT / "docs" / "studies" / "employment_and_grants.md"
FIRMS = "Data: Arellano and Bond (1991), as R's plm has them (EmplUK)."
MUNICIPALITIES = "Data: Dahlberg and Johansson (2000), as R's panelvar has them (Dahlberg)."

RICH = ["w", "L(w)", "k", "L(k)", "L(k, 2)", "ys", "L(ys)", "L(ys, 2)"]
PLAIN = ["w", "L(w)", "k", "ys", "L(ys)"]
SHORT = ["w", "L(w)", "k", "L(k)"]
EVERY_LAG = [pv.LagInstruments(["n", "w", "k"], 2)]
PURSE = ["grants", "revenues", "expenditures"]
COLLAPSED = pv.LagInstruments(collapse=True)
BANDS = pv.EntityBootstrap(draws=300, seed=1)


def main(arguments: list[str] | None = None) -> Page:
    """Run everything and return what was printed."""
    parser = argparse.ArgumentParser(description="Dynamic panels and panel vector autoregressions.")
    parser.add_argument("--output", type=Path, default=Path("output", "employment_and_grants"), help="folder")
    parser.add_argument("--refresh-docs", action="store_true", help="rewrite the generated parts of the docs page")
    options = parser.parse_args(arguments)
    use_utf8()
    draw_to_files()
    page = Page(options.output, "employment_and_grants", FIRMS)
    page.title("Dynamic panels: employment in British firms, budgets of Swedish municipalities")
    firms = read_firms()
    employment(page, firms)
    two_biases(page, firms)
    many_instruments(page, firms)
    page.provenance = MUNICIPALITIES
    municipalities = read_municipalities()
    grants_and_spending(page, municipalities)
    calendar(page, municipalities)
    dynamics(page, municipalities)
    side_by_side(page, municipalities)
    page.close()
    if options.refresh_docs:
        DOCUMENT.write_text(refresh(DOCUMENT, page.blocks), encoding="utf-8")
    return page


def read_firms() -> pv.Panel:
    """Read the firms: logarithms of employment n, wages w, capital k and the output of their sector ys."""
    frame = pd.read_csv(DATA / "uk_firms.csv")
    for name, column in {"n": "emp", "w": "wage", "k": "capital", "ys": "output"}.items():
        frame[name] = np.log(frame[column])
    return pv.Panel(frame[["firm", "year", "n", "w", "k", "ys"]], entity="firm", time="year")


def read_municipalities() -> pv.Panel:
    """Read the municipalities: grants from the state, own revenues, expenditures, a head."""
    return pv.Panel(pd.read_csv(DATA / "swedish_municipalities.csv"), entity="municipality", time="year")


def published() -> Any:
    """Read what the authors and their program print."""
    return json.loads((DATA / "published_employment.json").read_text(encoding="utf-8"))


# ---- employment


def employment(page: Page, firms: pv.Panel) -> None:
    with page.section("Employment, as published"):
        page.table(firms.describe().summary(), "firms")
        columns = {
            "a1": pv.fit_arellano_bond(firms, "n", RICH, lags=2, time_effects=True, steps=1),
            "a2": pv.fit_arellano_bond(firms, "n", RICH, lags=2, time_effects=True, cov="uncorrected"),
            "b": pv.fit_arellano_bond(firms, "n", PLAIN, lags=2, time_effects=True, cov="uncorrected"),
        }
        printed = published()["arellano_bond_1991"]
        page.table(beside(columns, printed, "Arellano and Bond (1991), table 4", decimals(3)), "table_4")
        same, every = agreeing(columns, printed, decimals(3))
        page.prose(
            f"{same} of {every} printed numbers are the same to their last digit. Column a1 is one step with robust "
            f"errors, a2 and b two steps with errors that are not corrected, as was usual in 1991. (One number of the "
            f"table was not at hand; it has a gap.)",
            block="table_4_reading",
        )
        columns = {
            "difference": pv.fit_arellano_bond(firms, "n", SHORT, instruments=EVERY_LAG, time_effects=True),
            "system": pv.fit_blundell_bond(firms, "n", SHORT, instruments=EVERY_LAG, time_effects=True, h="block"),
        }
        printed = {case: published()["dpd_for_ox"][f"bb98_{case}_twostep"] for case in columns}
        title = "The model of Blundell and Bond (1998), by DPD for Ox"
        page.table(beside(columns, printed, title, ox_digits), "blundell_bond")
        same, every = agreeing(columns, printed, ox_digits)
        page.prose(
            f"{same} of {every} numbers of the authors' own program are the same to its last digit: two steps, errors "
            f"with Windmeijer's correction. That program's first step assumes that the errors of the two equations of "
            f"a system are unrelated (h='block'). They are related, and the default here allows for it, as xtabond2 "
            f"and gretl do. With {columns['system'].n_instruments} moments the estimates depend on it: the next "
            f"section has the default.",
            block="blundell_bond_reading",
        )


def decimals(places: int) -> Callable[[float, bool], str]:
    """Write a number with so many decimals, coefficient or error."""
    return lambda value, is_error: f"{value:.{places}f}"


def ox_digits(value: float, is_error: bool) -> str:
    """Write a number as Ox does: six significant digits of a coefficient, four of an error."""
    return f"{value:#.{4 if is_error else 6}g}"


def beside(
    results: Mapping[str, Any], printed: Mapping[str, Any], title: str, write: Callable[[float, bool], str]
) -> Table:
    """Set estimates beside what is printed, errors in parentheses below."""
    known = {name for case in printed.values() for name in case}
    labels = [name for name in next(iter(results.values())).params.index if name in known]
    body = []
    for label in labels:
        for place, kind in enumerate(("estimate", "std. error")):
            cells = []
            for case, result in results.items():
                value = (result.params, result.std_errors)[place].get(label)
                theirs = printed[case].get(label)
                for each in (value, None if theirs is None else theirs[place]):
                    text = "" if each is None else write(each, place == 1)
                    cells.append(words(f"({text})" if place and text else text, "decimal"))
            body.append(Row(label, tuple(cells), kind, continues=place == 1))
    heads = [cell for case in results for cell in (words(case), words("printed"))]
    return Table(title=title, header=(Row("", tuple(heads)),), body=tuple(body))


def agreeing(
    results: Mapping[str, Any], printed: Mapping[str, Any], write: Callable[[float, bool], str]
) -> tuple[int, int]:
    """Count printed numbers that are the same, and all."""
    pairs = [
        (write(float((result.params, result.std_errors)[place][label]), place == 1), write(each, place == 1))
        for case, result in results.items()
        for label, both in printed[case].items()
        for place, each in enumerate(both)
    ]
    return sum(ours == theirs for ours, theirs in pairs), len(pairs)


def two_biases(page: Page, firms: pv.Panel) -> None:
    formula = "n ~ L(n) + w + L(w) + k + L(k)"
    with page.section("Between two biases"):
        models = {
            "OLS": pv.fit_fixed_effects(firms, formula, effects="time", cov=pv.Clustered("firm")),
            "System": pv.fit_blundell_bond(firms, "n", SHORT, instruments=EVERY_LAG, time_effects=True),
            "Difference": pv.fit_arellano_bond(firms, "n", SHORT, instruments=EVERY_LAG, time_effects=True),
            "Within": pv.fit_fixed_effects(firms, formula, effects="twoway", cov=pv.Clustered("firm")),
        }
        page.table(
            pv.compare(
                models,
                keep=["L(n)", *SHORT],
                stars=(0.05, 0.01, 0.001),
                foot=("nobs", "entities", "cov"),
                title="Employment, effects of the years in every column",
            ),
            "two_biases",
        )
        lag = {name: float(model.params["L(n)"]) for name, model in models.items()}
        page.prose(
            f"OLS mistakes lasting differences between firms for persistence: its lag, {lag['OLS']:.2f}, is too high. "
            f"Fixed effects give {lag['Within']:.2f}, which is too low, since the means that they subtract contain the "
            f"errors of all years (Nickell 1981). A consistent estimate lies between. Difference GMM does, at "
            f"{lag['Difference']:.2f}, but close to the biased end: levels of a persistent series say little about its "
            f"later differences, and weak instruments lean towards least squares. System GMM also uses differences as "
            f"instruments of levels, and finds {lag['System']:.2f}.",
            block="two_biases_reading",
        )
        page.figure(
            of_the_lag(models), "two_biases", "The coefficient of employment a year before, with 95% intervals."
        )


def of_the_lag(models: Mapping[str, Any]) -> Figure:
    """Draw the coefficient of the lag in each model with its 95% interval."""
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(6.4, 2.6), layout="constrained")
    for place, model in enumerate(reversed(models.values())):
        bounds = model.conf_int(level=0.95).loc["L(n)"]
        ax.plot([bounds["lower"], bounds["upper"]], [place, place], color="#0072B2", linewidth=2)
        ax.plot(model.params["L(n)"], place, "o", color="#0072B2")
    ax.set_yticks(range(len(models)), list(models)[::-1])
    ax.set_xlabel("Coefficient")
    ax.spines[["top", "right"]].set_visible(False)
    return figure


WINDOWS = {
    "All lags": pv.LagInstruments(["n", "w", "k"], 2),
    "Lags 2 to 4": pv.LagInstruments(["n", "w", "k"], 2, 4),
    "Lags 2 and 3": pv.LagInstruments(["n", "w", "k"], 2, 3),
    "All, collapsed": pv.LagInstruments(["n", "w", "k"], 2, collapse=True),
    "Lags 2 to 4, collapsed": pv.LagInstruments(["n", "w", "k"], 2, 4, collapse=True),
}


def many_instruments(page: Page, firms: pv.Panel) -> None:
    with page.section("Many instruments, and few"):
        body, fits = [], {}
        for name, window in WINDOWS.items():
            fit = pv.fit_arellano_bond(firms, "n", SHORT, instruments=[window], time_effects=True)
            plain = pv.fit_arellano_bond(firms, "n", SHORT, instruments=[window], time_effects=True, cov="uncorrected")
            fits[name] = fit, plain
            cells = (
                count(fit.n_instruments),
                number(fit.params["L(n)"], 3),
                number(fit.std_errors["L(n)"], 3),
                number(plain.std_errors["L(n)"], 3),
                probability(fit.hansen_j.pvalue, 3),
                probability(fit.ar_test(2).pvalue, 3),
            )
            body.append(Row(name, cells))
        heads = ("Moments", "Lag of n", "Std. error", "Uncorrected", "p, Hansen", "p, m2")
        page.table(
            Table(
                title="In differences, two steps",
                header=(Row("", tuple(words(head) for head in heads)),),
                body=tuple(body),
                notes=("Std. error: with Windmeijer's correction. Uncorrected: without it.",),
            ),
            "windows",
        )
        (all_lags, plain), (few, _) = fits["All lags"], fits["All, collapsed"]
        page.prose(
            f"With {all_lags.n_instruments} moments of 140 firms the two-step weights are estimated with much "
            f"error: the uncorrected standard error is {plain.std_errors['L(n)']:.3f}, the corrected one "
            f"{all_lags.std_errors['L(n)']:.3f}. The estimate itself leans towards the within one. Collapsed "
            f"instruments, one moment for each lag ({few.n_instruments} moments), give {few.params['L(n)']:.2f}, with "
            f"less precision: these data do not say more.",
            block="windows_reading",
        )
        system = pv.fit_blundell_bond(firms, "n", SHORT, instruments=EVERY_LAG, time_effects=True)
        page.table(system.instrument_tests().summary(), "instrument_tests")
        page.prose(
            "Whether lagged differences may instrument levels is a question to the data: the difference of Hansen's "
            "statistics with and without them does not reject. With as many moments as this it would hardly do so if "
            "they were wrong."
        )


# ---- municipalities


def grants_and_spending(page: Page, municipalities: pv.Panel) -> None:
    with page.section("Grants and spending, as published"):
        page.table(municipalities.describe().summary(), "municipalities")
        model = pv.fit_panel_var(municipalities, PURSE, lags=2, transform="fod", steps=2)
        page.table(model.summary(), "by_moments")
        page.table(granger(model, "Granger causality, as published"), "granger")
        found = model.granger_causality("expenditures", "grants")
        plain = model.with_cov("uncorrected").granger_causality("expenditures", "grants")
        page.prose(
            f"This is the example of StataNow's xtvar: Hansen {model.hansen_j.statistic:.2f} with "
            f"{model.hansen_j.df:.0f} degrees of freedom and p = {model.hansen_j.pvalue:.3f}, "
            f"{3 * model.n_instruments} moments, {model.nobs:,} rows, and {found.statistic:.2f} for the "
            f"hypothesis that grants say nothing about "
            f"later expenditures. Without Windmeijer's correction the last would be {plain.statistic:,.0f}: weights "
            f"estimated with almost as many moments as municipalities make uncorrected errors worthless. pvar has "
            f"no other.",
            block="granger_reading",
        )


def granger(model: pv.PanelVarResult, title: str) -> Table:
    """The tests of one model as a table."""
    tests = pv.granger_table(model)
    rows = [
        Row(f"{caused} from {causing}", (number(test["statistic"], 2), probability(test["pvalue"], 3)))
        for (caused, causing), test in tests.iterrows()
    ]
    return Table(
        title=title,
        header=(Row("", (words("Statistic"), words("p"))),),
        body=tuple(rows),
        notes=(f"{model.lags} lags; standard errors: {model.cov_label}.",),
    )


def calendar(page: Page, municipalities: pv.Panel) -> None:
    with page.section("It is the calendar"):
        frame = pd.read_csv(DATA / "swedish_municipalities.csv")
        means = frame.groupby("year")[PURSE].mean()
        heads = tuple(words(name) for name in PURSE)
        body = tuple(
            Row(str(year), tuple(number(1000.0 * value, 2) for value in means.loc[year])) for year in means.index
        )
        page.table(Table("Averages of each year, times 1,000", (Row("", heads),), body), "averages")
        options = {"as published": {}, "with effects of the years": {"time_effects": True}}
        cells, models = [], {}
        for instruments in (None, COLLAPSED):
            for label, effects in options.items():
                models[instruments is not None, label] = pv.fit_panel_var(
                    municipalities, PURSE, lags=2, method="gmm", instruments=instruments, **effects
                )
        for (collapsed, label), model in models.items():
            test = model.granger_causality("expenditures", "grants")
            cells.append(
                Row(
                    f"{'Collapsed' if collapsed else 'All'} instruments, {label}",
                    (
                        count(3 * model.n_instruments),
                        number(test.statistic, 2),
                        probability(test.pvalue, 3),
                        probability(model.hansen_j.pvalue, 3),
                    ),
                )
            )
        heads = tuple(words(head) for head in ("Moments", "Granger", "p", "p, Hansen"))
        page.table(Table("Expenditures from grants", (Row("", heads),), tuple(cells)), "calendar")
        fall = 1.0 - means.loc[1983, "revenues"] / means.loc[1982, "revenues"]
        every, few = (
            models[collapsed, "with effects of the years"].granger_causality("expenditures", "grants")
            for collapsed in (False, True)
        )
        page.prose(
            f"Between 1982 and 1983 revenues fell by {100 * fall:.0f}% in the average municipality, and expenditures "
            f"with them: this happened in the whole country. The published model has no year effects and must "
            f"explain it by something that happened before, which is grants. With year effects the "
            f"statistic falls from 71.60 to {every.statistic:.2f} (p = {every.pvalue:.2f}) with all instruments, and "
            f"to {few.statistic:.2f} (p = {few.pvalue:.2f}) with a third as many. These data do not show "
            f"what grants do to spending. (Both models are open to doubt: Hansen's test does not reject the first, "
            f"where it has almost no power, and rejects the second at 5%.)",
            block="calendar_reading",
        )


def dynamics(page: Page, municipalities: pv.Panel) -> None:
    with page.section("Dynamics, with effects of the years"):
        model = pv.fit_panel_var(municipalities, PURSE, lags=2, instruments=COLLAPSED, time_effects=True)
        page.table(model.summary(), "timed")
        selection = pv.fit_panel_var(municipalities, PURSE, lags=3, instruments=COLLAPSED, time_effects=True)
        page.table(selection.lag_selection().summary(), "lag_selection")
        page.figure(model.plot_roots(), "roots", "Roots of the companion matrix: all inside the circle.")
        responses = model.impulse_responses(6, bands=BANDS)
        page.figure(
            responses.plot(),
            "responses",
            f"Orthogonalised responses to shocks of one standard deviation, in the order {', '.join(PURSE)}; 95% bands "
            f"from {BANDS.draws} draws of municipalities, each estimated again in two steps.",
        )
        shares = model.variance_decomposition(6)
        page.figure(shares.plot(), "shares", "Shares of the shocks in the variance of forecasts.")
        own = shares.values[-1]
        page.prose(
            f"Most of a shock to grants is gone after a year. Revenues and expenditures move together: "
            f"{100 * own[2, 1]:.0f}% of the variance of expenditures six years ahead comes from shocks to revenues, "
            f"{100 * own[2, 0]:.0f}% from grants. That is of this order of the variables: shocks to revenues and "
            f"expenditures are correlated with {correlation(model):.2f}, and which of the two comes first is an "
            f"assumption.",
            block="dynamics_reading",
        )


def correlation(model: pv.PanelVarResult) -> float:
    """Correlation of the errors of revenues and expenditures."""
    sigma = model.sigma
    covariance = sigma.loc["revenues", "expenditures"]
    return float(covariance / np.sqrt(sigma.loc["revenues", "revenues"] * sigma.loc["expenditures", "expenditures"]))


METHODS = ("within", "hahn-kuersteiner", "half-panel-jackknife", "corrected-moments", "gmm")


def side_by_side(page: Page, municipalities: pv.Panel) -> None:
    with page.section("Estimators compared"):
        models = {}
        for method in METHODS:
            options = {"instruments": COLLAPSED} if method == "gmm" else {}
            models[method] = pv.fit_panel_var(municipalities, PURSE, method=method, time_effects=True, **options)
        keep = [f"[{name}]L1.{name}" for name in PURSE]
        page.table(
            pv.compare(
                models,
                keep=keep,
                stars=(0.05, 0.01, 0.001),
                foot=("nobs", "entities", "cov"),
                title="Own lags, one lag, effects of the municipalities and years",
            ),
            "methods",
        )
        lag = {name: float(model.params.loc["L1.grants", "grants"]) for name, model in models.items()}
        page.prose(
            f"With eight rows a municipality least squares is far too low ({lag['within']:.2f} for the lag of grants). "
            f"The formula of Hahn and Kuersteiner takes out most of the bias ({lag['hahn-kuersteiner']:.2f}), the "
            f"jackknife ({lag['half-panel-jackknife']:.2f}) and corrected moments ({lag['corrected-moments']:.2f}) "
            f"as much or more; GMM, with {models['gmm'].n_instruments} moments an equation, finds {lag['gmm']:.2f}, "
            f"hardly more than least squares and with twice its error: lagged levels are weak instruments "
            f"here. A mean group is no alternative: with eight rows and four "
            f"coefficients each its own bias is larger than that of least squares.",
            block="methods_reading",
        )


if __name__ == "__main__":
    main()
